"""Markup is read as words on lines, and nonsense takes no time."""

import time

import pytest

from integrations.providers.markup import MAX_TEXT, to_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>Line one<br>Line two</p>", "Line one\nLine two"),
        ("a<BR/>b\nc", "a\nb c"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<b>A</b> &amp; <i title='x'>B</i>", "A & B"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<script>alert('<p>')</script>left", "left"),
        ("<style>p {}</style><p>left", "left"),
        ("<!-- <p>no</p> -->yes<!-- never closed", "yes"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<ana@example.org>", "<ana@example.org>"),
        ("&lt;script&gt;", "<script>"),
        ("margin: auto", "margin: auto"),
        ("", ""),
    ],
)
def test_html_is_read_as_its_words(raw, text):
    assert to_text(raw, "html") == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            "# Plan\n\n**Bold** and _it_ with [a link](https://example.org) \\# 5\n",
            "Plan\n\nBold and it with a link # 5",
        ),
        ("a_b_c and $5 to $6", "a_b_c and $5 to $6"),
        ("***both*** ~~gone~~ __strong__", "both gone strong"),
        ("- one\n  - two\n1. three", "- one\n  - two\n1. three"),
        ("> said &amp; done", "said & done"),
        ("`x*y*` stays", "x*y* stays"),
        ("```python\n# code *stays*\n```\nafter", "# code *stays*\nafter"),
        ("![alt](https://a.example/b_(c).png)", "alt"),
        ("2 * 3 * 4", "2 * 3 * 4"),
    ],
)
def test_markdown_is_read_as_its_words(raw, text):
    assert to_text(raw, "markdown") == text


def test_a_plain_text_stays_what_it_is():
    assert to_text("**a** <b>", "plain") == "**a** <b>"


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", "<", "</", "<script>", "<p", "&", "<a>"]
)
def test_hostile_html_takes_no_time(piece):
    began = time.perf_counter()
    to_text((piece * MAX_TEXT)[:MAX_TEXT], "html")

    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("piece", ["**a ", "*a ", "_", "__a", "~~a", "[", "![x](", "`"])
def test_hostile_markdown_takes_no_time(piece):
    line = (piece * 10_000)[:10_000]
    began = time.perf_counter()
    to_text("\n".join([line] * 20), "markdown")

    assert time.perf_counter() - began < 10
