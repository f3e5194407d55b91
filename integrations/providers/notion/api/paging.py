"""Read Notion's lists by the rules that all of them share."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from integrations.http.errors import InvalidRequest, InvalidResponse
from integrations.http.responses.shape import (
    expect_list,
    expect_object,
    optional_object,
)
from integrations.providers.errors import ListingExpiredError
from integrations.providers.listing import expect_cursor

PAGE_SIZE: Final = 100


class Listing(Struct, frozen=True, kw_only=True):
    """One page of a list; ``following`` is None at its end.

    ``is_incomplete`` says that Notion cut the whole list short.
    """

    rows: list[Any]
    following: str | None
    is_incomplete: bool = False


def fetch_list(call: Callable[[], Any], *, start: str | None) -> Listing:
    """Return the list that a call answers with.

    A cursor that Notion does not take any more is a ListingExpiredError.
    """
    try:
        answer = call()
    except InvalidRequest as exc:
        if start is not None and exc.code == "validation_error":
            raise ListingExpiredError("Notion has forgotten the cursor") from exc
        raise
    return to_listing(answer, start)


def to_listing(answer: object, start: str | None) -> Listing:
    """Read a list behind the cursor ``start``; InvalidResponse when it is none.

    Its end is where ``has_more`` says so, never a short page.
    """
    body = expect_object(answer, "list")
    rows = expect_list(body.get("results"), "results")
    has_more = body.get("has_more")
    if not isinstance(has_more, bool):
        raise InvalidResponse("has_more: expected true or false")
    # The field is missing on ordinary answers, so only ``incomplete`` means anything.
    # https://developers.notion.com/reference/query-a-data-source
    status = optional_object(body, "request_status")
    following = body.get("next_cursor")
    return Listing(
        rows=rows,
        following=expect_cursor(following, start, where="next_cursor")
        if has_more
        else None,
        is_incomplete=status.get("type") == "incomplete",
    )
