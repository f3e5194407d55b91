"""HTML and Markdown are read as blocks: words, styles and links, whatever is sent."""

import json
import sys

import pytest

from integrations.providers.text.html_blocks import MAX_TEXT, html_blocks
from integrations.providers.text.markdown_blocks import markdown_blocks
from integrations.providers.text.rich_text import MAX_DEPTH, Style, to_plain
from integrations.views.items.parts.rich_text import draw_spans, to_groups


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>Line one<br>Line two</p>", "Line one\nLine two"),
        ("a<BR/>b\nc", "a\nb c"),
        ("<div style='margin: 0'><p>a</p>\n <p> b </p></div>", "a\nb"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<li>one<li>two", "- one\n- two"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>d", "1. a\n  - b\n2. c\nd"),
        ("<b>A</b> &amp; <i title='x > y'>B</i>", "A & B"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a | b"),
        ("<tr><th>a<td>b<p>c</p><tr><td>d", "a | b\nc\nd"),
        ("<script>alert('<p>')</script>left", "left"),
        ("<style>p {margin: 0}</style><p>left", "left"),
        ("<!-- <p>no</p> -->yes<!-- never closed", "yes"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<ana@example.org>", "<ana@example.org>"),
        ("&lt;script&gt;", "<script>"),
        ("<custom-tag>kept</custom-tag>", "kept"),
        ("a&nbsp;&nbsp; b", "a b"),
        ("margin: auto", "margin: auto"),
        ("<pre>x\n  y</pre>", "x\n  y"),
        ("see <img src='x' alt='The harbour'>", "see [Image: The harbour]"),
        ("<img width='1' src='pixel'>a", "a"),
        ("", ""),
    ],
)
def test_html_is_read_as_its_words(raw, text):
    assert to_plain(html_blocks(raw)) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            "# Plan\n\n**Bold** and _it_ with [a link](https://example.org) \\# 5\n",
            "Plan\nBold and it with a link # 5",
        ),
        ("a_b_c and $5 to $6", "a_b_c and $5 to $6"),
        ("***both*** ~~gone~~ __strong__", "both gone strong"),
        ("- one\n  - two\n1. three", "- one\n  - two\n1. three"),
        ("[ ] open\n[x] done\n- [ ] too", "[ ] open\n[x] done\n[ ] too"),
        ("- one\n  more of it\nno more", "- one\n  more of it\nno more"),
        ("> said", "said"),
        ("`x*y*` stays", "x*y* stays"),
        ("```python\n# code *stays*\n```\nafter", "# code *stays*\nafter"),
        ("```\nnever closed", "never closed"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("one\ntwo\n\n---\n\nthree", "one\ntwo\nthree"),
        ("# not # a heading #", "not # a heading"),
    ],
)
def test_markdown_is_read_as_its_words(raw, text):
    assert to_plain(markdown_blocks(raw)) == text


@pytest.mark.parametrize(
    "blocks",
    [
        html_blocks(
            "<b>Bold</b> <em>it</em> <a href='https://a.example/?b=1&amp;c'>l</a>"
        ),
        markdown_blocks("**Bold** _it_ [l](https://a.example/?b=1&c)"),
    ],
)
def test_styles_and_links_are_kept(blocks):
    looks = {span.text: (set(span.styles), span.href) for span in blocks[0].spans}

    assert looks["Bold"] == ({Style.BOLD}, "")
    assert looks["it"] == ({Style.ITALIC}, "")
    assert looks["l"] == (set(), "https://a.example/?b=1&c")


@pytest.mark.parametrize(
    "raw",
    [
        "<a href='javascript:alert(1)'>x</a>",
        '<a title="&quot; href=" href="java\tscript:alert(1)">x</a>',
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>x</svg>",
        "<iframe src='data:text/html,<script>alert(1)</script>'></iframe>",
        "&lt;img src=x onerror=alert(1)&gt;",
        "<b><script>alert(1)</b>",
    ],
)
def test_no_html_of_a_providers_reaches_a_page(raw):
    drawn = "".join(draw_spans(block.spans) for block in html_blocks(raw))

    tags = {part.partition(">")[0] for part in drawn.split("<")[1:]}
    assert tags <= {"strong", "/strong"}


@pytest.mark.parametrize(
    "tag", ["ul><li", "ol><li", "blockquote", "div", "table><tr><td"]
)
def test_nothing_is_nested_deeper_than_a_page_can_show(tag):
    blocks = html_blocks(f"<{tag}>x" * 5000)

    assert max(block.depth for block in blocks) <= MAX_DEPTH
    assert json.dumps(to_groups(blocks)).count("x") >= 5000


@pytest.mark.parametrize(
    "raw", ["<p>word</p>", "<b>word</b> ", "<td>word", "word\n\n", "- word\n"]
)
def test_what_is_beyond_the_bounds_keeps_its_words(raw):
    read = html_blocks if raw.startswith("<") else markdown_blocks

    blocks = read(raw * 12_000)

    assert to_plain(blocks).count("word") == 12_000
    assert len(blocks) < 2100


def test_a_text_that_is_too_long_says_so():
    for read in (html_blocks, markdown_blocks):
        assert to_plain(read("word " * MAX_TEXT)).endswith("too long to be shown]")
        assert "too long" not in to_plain(read("word " * 1000))


HOSTILE_HTML = ("<!--", "<a ", "<", "</", "<script>", "<p", "&", "<a>", '<a "', "<td>x")
HOSTILE_MARKDOWN = ("**a ", "*a ", "__a", "~~a", "[", "![x](", "`", "> ", "- a\n")


def steps_of(read, raw):
    """Return how many lines of Python are run to read a text."""
    steps = 0

    def count(frame, event, arg):
        nonlocal steps
        steps += 1
        return count

    sys.settrace(count)
    try:
        read(raw)
    finally:
        sys.settrace(None)
    return steps


@pytest.mark.parametrize(
    ("read", "piece"),
    [(html_blocks, piece) for piece in HOSTILE_HTML]
    + [(markdown_blocks, piece) for piece in HOSTILE_MARKDOWN],
)
def test_the_work_on_hostile_text_grows_no_faster_than_it(read, piece):
    short, long = (steps_of(read, piece * count) for count in (1000, 4000))

    assert long < 6 * short + 1000
