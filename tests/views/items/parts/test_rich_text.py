"""Formatted text is drawn as HTML that holds no markup but our own."""

import pytest
from django.template.loader import render_to_string

from integrations.providers.text.rich_text import (
    Block,
    BlockKind,
    Span,
    Style,
    placeholder,
    spans_of,
)
from integrations.providers.typed.fields import RichText
from integrations.views.items.parts.rich_text import draw_spans
from integrations.views.items.parts.values import show

HOSTILE = "<script>alert(1)</script>"
ALL = frozenset(Style)


def draw(*blocks):
    shown = show(RichText(blocks=blocks))
    html = render_to_string("items/partials/value.html", {"value": shown})
    return " ".join(html.split())


def test_styles_nest_inside_a_link():
    span = Span(text="a & b", styles=ALL, href="https://a.example/?x=1&y=2")

    assert draw_spans([span, Span(text=" end")]) == (
        '<a href="https://a.example/?x=1&amp;y=2" title="https://a.example/?x=1&amp;y=2"'
        ' rel="noopener noreferrer nofollow">'
        "<strong><em><s><code>a &amp; b</code></s></em></strong></a> end"
    )


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", "data:text/html,x", '"><script>', "https://a@b.example"],
)
def test_a_link_that_is_not_safe_is_its_words(href):
    assert draw_spans([Span(text="here", href=href)]) == "here"


def test_an_address_without_tls_is_told_and_not_offered():
    address = "http://a.example/?x=1&y=2"

    assert draw_spans([Span(text="here", href=address)]) == (
        "here (http://a.example/?x=1&amp;y=2)"
    )
    assert draw_spans([Span(text=address, href=address)]) == (
        "http://a.example/?x=1&amp;y=2"
    )
    assert draw_spans([Span(text="here", href="http://a@b.example")]) == "here"


@pytest.mark.parametrize("kind", list(BlockKind))
def test_hostile_words_stay_words_in_every_block(kind):
    spans = (Span(text=HOSTILE, styles=ALL, href=f"https://a.example/{HOSTILE}"),)
    html = draw(
        Block(kind=kind, spans=spans, cells=(spans,), language=HOSTILE, icon=HOSTILE)
    )

    assert "<script" not in html
    assert kind is BlockKind.DIVIDER or "&lt;script&gt;" in html


def test_lists_and_quotes_stand_inside_what_they_belong_to():
    html = draw(
        Block(kind=BlockKind.ITEM, spans=spans_of("one")),
        Block(kind=BlockKind.ITEM, spans=spans_of("within"), number=1, depth=1),
        Block(kind=BlockKind.ITEM, spans=spans_of("two")),
        Block(kind=BlockKind.QUOTE, spans=spans_of("said")),
    )

    assert '<ul> <li > one <ol start="1"> <li > within </li> </ol> </li>' in html
    assert '<blockquote> <p dir="auto" >said</p> </blockquote>' in html


def test_lines_stay_lines():
    code = Block(kind=BlockKind.CODE, spans=spans_of("a\n b"))

    assert draw_spans(spans_of("a\nb")) == "a<br>b"
    assert "<code>a b</code>" in draw(code)


def test_what_is_not_shown_leaves_a_trace():
    html = draw(placeholder("image, see there", href="https://a.example/"))

    assert "[image, see there]</a></p>" in html


def test_plain_lines_stay_a_plain_value():
    assert show(RichText(blocks=(Block(kind=BlockKind.PARAGRAPH),))).kind == "text"
