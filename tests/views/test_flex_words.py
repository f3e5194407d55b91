"""Words in what is laid out as a row keep the spaces between them.

A flex container drops the space between its items: text beside an element there needs
an element around both.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR, "templates")
LINK = re.compile(r'<a class="(?:[\w-]+ )*target\b[^>]*>(.*?)</a>', re.DOTALL)
WORD_BESIDE = re.compile(r"</bdi> +[^<{\s]|[^>}\s] +<bdi>")


def beside(source: str) -> list[str]:
    """Return the links whose words would stand without a space between them."""
    found = LINK.findall(source)
    return [each for each in found if WORD_BESIDE.search(_outside_spans(each))]


def _outside_spans(text: str) -> str:
    return re.sub(r"<span>.*</span>", "", text, flags=re.DOTALL)


def test_no_link_drops_the_spaces_between_its_words() -> None:
    sources = {p: p.read_text(encoding="utf-8") for p in TEMPLATES.rglob("*.html")}

    assert len(sources) > 100
    assert {
        p.name: found for p, text in sources.items() if (found := beside(text))
    } == {}


@pytest.mark.parametrize(
    ("content", "is_found"),
    [
        ("<bdi>A</bdi> by <bdi>B</bdi>", True),
        ("<span><bdi>A</bdi> by <bdi>B</bdi></span>", False),
        ("<bdi>A</bdi>", False),
    ],
)
def test_what_is_found(content: str, is_found: bool) -> None:
    assert bool(beside(f'<a class="soft target" href="#">{content}</a>')) is is_found
