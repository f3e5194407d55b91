"""Pages of a list by number: the one that an address asks for, and those beside it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet

PAGE_SIZE = 50


def make_context(
    parameters: Mapping[str, str],
    rows: QuerySet[Any] | Sequence[Any],
    *,
    size: int = PAGE_SIZE,
    kept: Mapping[str, str | list[str]] | None = None,
) -> dict[str, Any]:
    """Return the ``page`` that ``parameters`` name, and what leads from it.

    A page beyond the last is the last, and an odd one the first. The links keep what
    else of the address counts, which is ``kept``.
    """
    page = Paginator(rows, size).get_page(parameters.get("page"))

    def url(number: int) -> str:
        return f"?{urlencode({**(kept or {}), 'page': number}, doseq=True)}"

    return {
        "page": page,
        "newer_url": url(page.number - 1) if page.has_previous() else "",
        "older_url": url(page.number + 1) if page.has_next() else "",
    }
