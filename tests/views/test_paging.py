"""Pages of a list by number: which one an address asks for, and what leads from it."""

import ast
from pathlib import Path

import pytest

from integrations.views import paging

VIEWS = Path(paging.__file__).parent


@pytest.mark.parametrize(
    ("asked", "numbers", "newer", "older"),
    [
        ({}, [0, 1], "", "?state=done&page=2"),
        ({"page": "2"}, [2, 3], "?state=done&page=1", "?state=done&page=3"),
        ({"page": "3"}, [4], "?state=done&page=2", ""),
        ({"page": "99"}, [4], "?state=done&page=2", ""),
        ({"page": "0"}, [4], "?state=done&page=2", ""),
        ({"page": "x"}, [0, 1], "", "?state=done&page=2"),
        ({"page": "9" * 5000}, [0, 1], "", "?state=done&page=2"),
    ],
)
def test_the_page_that_is_asked_for_is_shown_with_its_neighbours(
    asked, numbers, newer, older
):
    told = paging.make_context(asked, range(5), size=2, kept={"state": "done"})

    assert list(told["page"]) == numbers
    assert (told["newer_url"], told["older_url"]) == (newer, older)


def test_nothing_is_one_page_that_leads_nowhere():
    told = paging.make_context({"page": "7"}, range(0))

    assert list(told["page"]) == []
    assert (told["newer_url"], told["older_url"]) == ("", "")


def test_no_view_counts_pages_by_itself():
    found = [
        path.name
        for path in VIEWS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "django.core.paginator"
    ]

    assert found == ["paging.py"]
