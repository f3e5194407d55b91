"""Formatted text is blocks of spans: it is stored, read back and written as words."""

import json

import pytest

from integrations.providers.text.rich_text import (
    Block,
    BlockKind,
    Span,
    Style,
    from_json,
    is_plain,
    merge_spans,
    placeholder,
    safe_href,
    spans_of,
    to_json,
    to_plain,
)
from integrations.providers.typed.fields import RichText
from integrations.providers.typed.plain import plain

BOLD = frozenset({Style.BOLD})
LINKED = (
    Span(text="see "),
    Span(text="here", styles=BOLD, href="https://a.example/"),
)
TEXT = (
    Block(kind=BlockKind.HEADING, spans=spans_of("Plan"), level=2),
    Block(kind=BlockKind.PARAGRAPH, spans=LINKED),
    Block(kind=BlockKind.ITEM, spans=spans_of("one")),
    Block(kind=BlockKind.ITEM, spans=spans_of("two"), number=2, depth=1),
    Block(kind=BlockKind.TODO, spans=spans_of("done"), is_done=True),
    Block(kind=BlockKind.TODO, spans=spans_of("open")),
    Block(kind=BlockKind.ROW, cells=(spans_of("a"), LINKED, ())),
    Block(kind=BlockKind.CODE, spans=spans_of("x = 1\ny"), language="python"),
    Block(kind=BlockKind.CALLOUT, spans=spans_of("Mind"), icon=""),
    Block(kind=BlockKind.DIVIDER),
    Block(kind=BlockKind.PAGE, spans=spans_of("Child"), id="p1"),
    placeholder("bookmark, see there", href="https://a.example/"),
)


def test_a_text_is_read_back_from_storage_as_it_was():
    stored = json.loads(json.dumps([to_json(block) for block in TEXT]))

    assert tuple(map(from_json, stored)) == TEXT


@pytest.mark.parametrize(
    ("stored", "block"),
    [
        (
            {"kind": "row", "text": "", "depth": 0, "cells": ["a", "b"]},
            Block(kind=BlockKind.ROW, cells=(spans_of("a"), spans_of("b"))),
        ),
        (
            {"kind": "of_the_future", "text": "Words", "depth": 2},
            Block(kind=BlockKind.PARAGRAPH, spans=spans_of("Words"), depth=2),
        ),
        (
            {
                "text": {"spans": [None, {"text": "a", "styles": ["glow"]}]},
                "depth": "x",
            },
            Block(kind=BlockKind.PARAGRAPH, spans=spans_of("a")),
        ),
        ({}, Block(kind=BlockKind.PARAGRAPH)),
    ],
)
def test_what_other_versions_stored_is_read(stored, block):
    assert from_json(stored) == block


def test_a_text_is_written_as_lines():
    assert to_plain(TEXT).splitlines() == [
        "Plan",
        "see here",
        "- one",
        "  2. two",
        "[x] done",
        "[ ] open",
        "a | see here |",
        "x = 1",
        "y",
        "Mind",
        "Child",
        "[bookmark, see there]",
    ]
    assert plain(RichText(blocks=TEXT)) == to_plain(TEXT)


def test_neighbours_of_one_look_are_one_span():
    spans = [Span(text="a"), Span(text=""), Span(text="b"), Span(text="c", styles=BOLD)]

    assert merge_spans(spans) == (Span(text="ab"), Span(text="c", styles=BOLD))


def test_only_words_on_lines_are_plain():
    assert is_plain([Block(kind=BlockKind.PARAGRAPH, spans=spans_of("a"))] * 2)
    assert not is_plain(TEXT[:1])
    assert not is_plain(TEXT[1:2])


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://a.example/x?y=1#z", True),
        ("http://a.example", False),
        ("HTTPS://a.example", True),
        ("mailto:ana@b.example", True),
        ("tel:+49 30 123", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://good.example@evil.example/", False),
        ("https:///x", False),
        ("https://[", False),
        ("https://a.example/\nx", False),
        ("mailto:a@b.example?bcc=c@d.example", False),
        ("tel:*#06#", False),
        ("/own/path", False),
        ("//a.example", False),
        ("", False),
    ],
)
def test_only_some_addresses_are_offered(url, is_safe):
    assert bool(safe_href(url)) is is_safe
