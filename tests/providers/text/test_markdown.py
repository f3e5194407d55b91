"""Inline Markdown becomes spans; what looks like a mark and is none stays."""

import pytest

from integrations.providers.text.markdown import markdown_spans
from integrations.providers.text.rich_text import Span, Style

MARKS = {"b": Style.BOLD, "i": Style.ITALIC, "s": Style.STRIKE, "c": Style.CODE}
URL = "https://a.example/"


def spans(*given):
    """Return spans from texts, each with the first letters of its styles."""
    return tuple(
        Span(text=text, styles=frozenset(MARKS[letter] for letter in letters))
        for text, letters in given
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("plain", spans(("plain", ""))),
        ("a **b** c", spans(("a ", ""), ("b", "b"), (" c", ""))),
        (
            "*a* _b_ __c__",
            spans(("a", "i"), (" ", ""), ("b", "i"), (" ", ""), ("c", "b")),
        ),
        ("***both***", spans(("both", "bi"))),
        ("**a *b* c**", spans(("a ", "b"), ("b", "bi"), (" c", "b"))),
        ("*a **b***", spans(("a ", "i"), ("b", "bi"))),
        ("**2*3**", spans(("2*3", "b"))),
        ("~~gone~~ ~not~", spans(("gone", "s"), (" ~not~", ""))),
        ("`x * y *`", spans(("x * y *", "c"))),
        (r"`a\*b`", spans((r"a\*b", "c"))),
        (r"\`a\` \*b\*", spans(("`a` *b*", ""))),
        ("``a ` b``", spans(("a ` b", "c"))),
        ("2 * 3 * 4", spans(("2 * 3 * 4", ""))),
        ("snake_case_word", spans(("snake_case_word", ""))),
        ("**open", spans(("**open", ""))),
        ("closed**", spans(("closed**", ""))),
        ("**** ****", spans(("**** ****", ""))),
        ("a<br>b", spans(("a\nb", ""))),
        ("", ()),
    ],
)
def test_marks_become_styles(line, found):
    assert markdown_spans(line) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"[here]({URL}x_(y))", (Span(text="here", href=f"{URL}x_(y)"),)),
        (f'[here]({URL} "a title")', (Span(text="here", href=URL),)),
        (
            f"[a **b**]({URL})",
            (
                Span(text="a ", href=URL),
                Span(text="b", href=URL, styles=frozenset({Style.BOLD})),
            ),
        ),
        (
            f"**[a]({URL})**",
            (Span(text="a", href=URL, styles=frozenset({Style.BOLD})),),
        ),
        (f"<{URL}>", (Span(text=URL, href=URL),)),
        (
            "<mailto:a@b.example>",
            (Span(text="a@b.example", href="mailto:a@b.example"),),
        ),
        (r"[x](https://a.example/a\_b)", (Span(text="x", href=f"{URL}a_b"),)),
        (r"\[no\](x)", (Span(text="[no](x)"),)),
        ("[no] (x)", (Span(text="[no] (x)"),)),
    ],
)
def test_links_keep_their_targets(line, found):
    assert markdown_spans(line) == found


def test_underscores_can_be_letters():
    (span,) = markdown_spans("__init__ and _x_", underscores=False)

    assert span == Span(text="__init__ and _x_")
