"""Promises about pages and cursors: nothing odd is ever taken for the end."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from integrations.http.errors import ApiError, InvalidResponse, NotJson
from integrations.providers.errors import ListingExpiredError
from tests.providers.contract import paths
from tests.providers.contract.case import SINCE, Case, sent
from tests.providers.contract.checks import raises

ODD_CURSORS: tuple[Any, ...] = (
    {"after": "2"},
    ["2"],
    True,
    1.5,
    "",
    "x" * 1_000_000,
)
# A cursor is a stranger's text: whatever is in it has to arrive as it came.
STRANGE_CURSORS = ("a b&c=d+e/f?g#h", "ü%2F%20", '{"after":"2"}', "=" * 400)
ODD_BODIES = (
    b"<html><body>Sign in</body></html>",
    b"",
    b"{",
    b"[]",
    b"{}",
    b"null",
    b"7",
    b'"rows"',
)
ODD_ROWS: tuple[Any, ...] = (1, None, "x", {}, True)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?|\d{13}")


def is_read_to_its_end(case: Case) -> None:
    """Only the last recorded page of a listing has no cursor."""
    for step in case.steps():
        pages = case.read_all(step)
        assert all(page.next_cursor for page in pages[:-1]), step
        assert pages[-1].next_cursor is None, step
        assert all(
            isinstance(page.next_cursor, str) and len(page.next_cursor) < 4000
            for page in pages[:-1]
        )


def the_cursor_comes_back(case: Case) -> None:
    """The second call carries the cursor of the first answer, character by character.

    Whoever reads page two may be another process: nothing but the cursor is kept.
    """
    recorded = case.cursor
    strange = STRANGE_CURSORS if isinstance(recorded, str) else ()
    for value in (recorded, *strange):
        body = paths.put(case.first_body, case.listing["cursor"], value)
        page = case.read_first(body)
        scenario = case.new()
        case.read(scenario, "pages", 1, json.loads(json.dumps(page.next_cursor)))
        asked = sent(scenario.transport.requests[0])
        assert paths.get(asked, case.listing["asks"]) == str(value)


def a_first_call_has_no_cursor(case: Case) -> None:
    """A listing begins at its beginning."""
    scenario = case.new()
    case.read(scenario, "pages", 0, None)
    asked = sent(scenario.transport.requests[0])
    assert paths.get(asked, case.listing["asks"]) in (paths.MISSING, None)


def an_odd_cursor_is_an_error(case: Case) -> None:
    """A cursor that is none raises InvalidResponse, on every page."""
    for value in ODD_CURSORS:
        body = paths.put(case.first_body, case.listing["cursor"], value)
        raises(InvalidResponse, lambda b=body: case.read_first(b))
    if "end" not in case.listing or case.listing["end"] != case.listing["cursor"]:
        for value in (None, paths.MISSING):
            body = paths.put(case.first_body, case.listing["cursor"], value)
            raises(InvalidResponse, lambda b=body: case.read_first(b))
    body = paths.put(case.first_body, case.listing["cursor"], 12_345)
    try:
        page = case.read_first(body)
    except InvalidResponse:
        return
    assert "12345" in str(page.next_cursor), "a cursor that is a number was lost"


def an_odd_sign_of_more_is_an_error(case: Case) -> None:
    """Where a flag says that there is more, anything but true or false is refused."""
    flag = case.listing.get("more")
    for value in (None, "true", 1, {}, paths.MISSING) if flag else ():
        body = paths.put(case.first_body, str(flag), value)
        raises(InvalidResponse, lambda b=body: case.read_first(b))


def the_flag_decides_about_the_end(case: Case) -> None:
    """A cursor beside "there is no more" is not followed."""
    flag = case.listing.get("more")
    if flag:
        page = case.read_first(paths.put(case.first_body, flag, False))
        assert str(case.cursor) not in str(page.next_cursor)


def a_cursor_that_stays_is_an_error(case: Case) -> None:
    """A listing that does not move on is neither read for ever nor at its end."""
    page = case.read_first()
    body = paths.put(case.answer("pages", 0), case.listing["cursor"], case.cursor)
    raises(
        (InvalidResponse, ListingExpiredError),
        lambda: case.read(case.new(), "pages", 1, page.next_cursor, body),
    )


def an_empty_page_is_not_the_end(case: Case) -> None:
    """A page may be short in the middle; only the provider's word ends a listing."""
    page = case.read_first(case.with_rows([]))
    assert page.items == () or list(page.items) == []
    assert page.next_cursor is not None


def a_foreign_cursor_raises_no_python_error(case: Case) -> None:
    """A cursor of another version is sent, or is an error that starts again."""
    for cursor in ("nonsense", "{}", "[1]", "null", '{"start":5}'):
        for step in case.steps():
            try:
                case.read(case.new(), step, 0, cursor)
            except ApiError:
                continue


def another_shape_is_an_error(case: Case) -> None:
    """An answer that is no page is an error: it is not an empty page."""
    whole = json.dumps(case.first_body).encode()
    for body in (*ODD_BODIES, whole[: len(whole) // 2]):
        for step in ("pages", "changes"):
            if step in case.steps():
                raises(
                    (InvalidResponse, NotJson),
                    lambda s=step, b=body: case.read(case.new(), s, 0, None, b),
                )


def odd_lists_of_rows_are_errors(case: Case) -> None:
    """Rows that are no list raise InvalidResponse."""
    for value in (*ODD_ROWS, paths.MISSING):
        body = paths.put(case.first_body, case.listing["rows"], value)
        raises(InvalidResponse, lambda b=body: case.read_first(b))


def since_reaches_the_call(case: Case) -> None:
    """An incremental call names its time: to the second, and never a later one."""
    if case.script.get("changes_are") == "listed again":
        return
    scenario = case.new()
    case.read(scenario, "changes", 0, None)
    told = paths.texts(sent(scenario.transport.requests[0]))
    times = [to_seconds(text) for text in _MOMENT.findall(told)]
    assert times, "no time is sent"
    assert all(-1.0 <= each - SINCE.timestamp() <= 0.0 for each in times), times


def to_seconds(text: str) -> float:
    """Return a time in either spelling as seconds."""
    if text.isdecimal():
        return int(text) / 1000
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def changes_go_on_from_their_cursor(case: Case) -> None:
    """Every later incremental call still names the time, and goes on from a cursor."""
    if len(case.script.get("changes", ())) < 2:
        return
    scenario = case.new()
    first = case.read(scenario, "changes", 0, None)
    before = len(scenario.transport.requests)
    case.read(scenario, "changes", 1, first.next_cursor)
    one, two = (sent(scenario.transport.requests[n]) for n in (0, before))
    assert one != two, "the second call is the first one again"
    assert set(_MOMENT.findall(paths.texts(one))) <= set(
        _MOMENT.findall(paths.texts(two))
    )


def a_connector_keeps_nothing(case: Case) -> None:
    """One connector serves all accounts: no call leaves anything in it."""
    for step in case.steps():
        case.read_all(step)
    assert vars(case.connector) == {}


PROMISES = (
    is_read_to_its_end,
    the_cursor_comes_back,
    a_first_call_has_no_cursor,
    an_odd_cursor_is_an_error,
    an_odd_sign_of_more_is_an_error,
    the_flag_decides_about_the_end,
    a_cursor_that_stays_is_an_error,
    an_empty_page_is_not_the_end,
    a_foreign_cursor_raises_no_python_error,
    another_shape_is_an_error,
    odd_lists_of_rows_are_errors,
    since_reaches_the_call,
    changes_go_on_from_their_cursor,
    a_connector_keeps_nothing,
)
