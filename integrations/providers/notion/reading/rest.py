"""Fetch the rest of values that a page shows in part.

A page shows at most 25 references of one property: of a relation it says so, of
people, texts and rollups it does not. Each property has a listing of its own.
https://developers.notion.com/reference/retrieve-a-page-property
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    Forbidden,
    InvalidRequest,
    InvalidResponse,
    NotFound,
)
from integrations.http.responses.shape import expect_object
from integrations.http.sending import urls
from integrations.providers.notion.api.paging import PAGE_SIZE, Listing, fetch_list
from integrations.providers.notion.ids import find_id, find_ids, to_id
from integrations.providers.notion.mapping.titles import MAX_REFERENCES, references_in

# A thousand references of one value, and so many calls for the values of one step;
# what is behind them is said to be missing.
MOST_PAGES: Final = 10
MOST_CALLS: Final = 40
HAS_MORE: Final = "has_more"
# Of these each is known by its id.
_NAMED: Final = frozenset({"relation", "people"})
# Property ids come percent-encoded.
_ENCODED: Final = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+\Z")

Thing = dict[str, Any]


class Rest:
    """Complete the values of pages, for so many ``calls`` at most."""

    def __init__(
        self,
        api: ApiClient,
        *,
        is_lost: Callable[[ApiError], bool],
        most: int = MOST_CALLS,
    ) -> None:
        """Start a step: nothing is spent, and nothing was left in part.

        ``is_lost`` tells an error that stays, for which a value is left in part, from
        one that may pass.
        """
        self._api = api
        self._is_lost = is_lost
        self._most = most
        self.calls = 0
        self.is_partial = False

    def complete(self, page: Thing) -> Thing:
        """Return a page whose values are whole, or say that they are not."""
        properties = page.get("properties")
        if not isinstance(properties, dict):
            return page
        cut = {name for name, prop in properties.items() if _may_be_cut(prop)}
        if any(properties[name].get("type") == "relation" for name in cut):
            # What is counted or gathered over a relation saw no more of it.
            cut |= {n for n, prop in properties.items() if _is_rollup(prop)}
        if not cut:
            return page
        whole = {
            name: self._complete(page.get("id"), prop) if name in cut else prop
            for name, prop in properties.items()
        }
        return {**page, "properties": whole}

    def _complete(self, page_id: object, prop: Thing) -> Thing:
        path = self._path(page_id, prop)
        if path is None:
            return self._in_part(prop)
        try:
            return self._read(path, prop)
        except (NotFound, Forbidden, InvalidRequest, InvalidResponse):
            return self._in_part(prop)
        except ApiError as exc:
            if not self._is_lost(exc):
                raise
            return self._in_part(prop)

    def _path(self, page_id: object, prop: Thing) -> str | None:
        name = prop.get("id")
        if not isinstance(name, str) or not name or name in {".", ".."}:
            return None
        encoded = name if _ENCODED.match(name) else urls.segment(name)
        return f"/pages/{to_id(page_id)}/properties/{encoded}"

    def _read(self, path: str, prop: Thing) -> Thing:
        """Read the listing of a property until its end, or that of the budget."""
        rows: list[Any] = []
        start: str | None = None
        found = prop
        for _ in range(MOST_PAGES):
            if self.calls >= self._most:
                break
            answer, listing = self._ask(path, start)
            if listing is None:
                return {**prop, **_single(prop, answer), HAS_MORE: False}
            rows += listing.rows
            found, start = _gather(prop, rows, answer), listing.following
            if start is None:
                return self._settle(prop, rows, found)
        return self._in_part(found)

    def _settle(self, prop: Thing, rows: list[Any], found: Thing) -> Thing:
        """Return what a listing comes to, in part where it lacks or hides anything."""
        if not _has_all(prop, found):
            return self._in_part(prop)
        return found if _is_read(rows, found) else self._in_part(found)

    def _ask(self, path: str, start: str | None) -> tuple[Thing, Listing | None]:
        """Return one answer, and the list that it is unless it is a single item."""
        self.calls += 1
        params = {"page_size": PAGE_SIZE, "start_cursor": start}
        answer = expect_object(self._api.get(path, params=params), "property")
        is_list = answer.get("object") == "list"
        return answer, fetch_list(lambda: answer, start=start) if is_list else None

    def _in_part(self, prop: Thing) -> Thing:
        self.is_partial = True
        return {**prop, HAS_MORE: True}


def _may_be_cut(prop: object) -> bool:
    if not isinstance(prop, dict):
        return False
    kind = str(prop.get("type"))
    value = prop.get(kind)
    if kind == "relation":
        return prop.get(HAS_MORE) is True
    if kind == "people":
        return isinstance(value, list) and len(value) == MAX_REFERENCES
    if kind in {"title", "rich_text"}:
        return references_in(value) == MAX_REFERENCES
    if kind == "rollup" and isinstance(value, dict):
        entries = value.get("array")
        is_long = isinstance(entries, list) and len(entries) >= MAX_REFERENCES
        return is_long or value.get("type") == "incomplete"
    return False


def _is_rollup(prop: object) -> bool:
    return isinstance(prop, dict) and prop.get("type") == "rollup"


def _single(prop: Thing, answer: Thing) -> Thing:
    """Return a value that came whole, as one item; refuse any other answer."""
    kind = str(prop.get("type"))
    is_item = answer.get("object") == "property_item" and answer.get("type") == kind
    if not is_item or not isinstance(answer.get(kind), _type_of(kind)):
        raise InvalidResponse("property: expected a value")
    return answer


def _type_of(kind: str) -> type:
    return dict if kind == "rollup" else list


def _has_all(prop: Thing, found: Thing) -> bool:
    """Tell whether a listing has what the page told of the value."""
    kind = str(prop.get("type"))
    told, listed = prop.get(kind), found.get(kind)
    if isinstance(told, dict) and isinstance(listed, dict):
        return bool(listed.get("array")) or not told.get("array")
    has_mentions = references_in(told) <= references_in(listed)
    return has_mentions and _ids_in(told) <= _ids_in(listed)


def _is_read(rows: list[Any], found: Thing) -> bool:
    """Tell whether each row of a listing is among the values."""
    kind = str(found.get("type"))
    values = found.get(kind)
    if isinstance(values, dict):
        values = values.get("array")
    if not isinstance(values, list):
        return True
    has_ids = kind not in _NAMED or all(find_id(each.get("id")) for each in values)
    return has_ids and len(values) == len(rows)


def _ids_in(values: object) -> set[str]:
    entries = values if isinstance(values, list) else []
    return set(find_ids(each.get("id") for each in entries if isinstance(each, dict)))


def _gather(prop: Thing, rows: list[Any], last: Mapping[str, Any]) -> Thing:
    """Return a property made of the items of its listing."""
    kind = str(prop.get("type"))
    items = [row for row in rows if isinstance(row, dict)]
    if kind != "rollup":
        found = [item[kind] for item in items if isinstance(item.get(kind), dict)]
        return {**prop, kind: found, HAS_MORE: False}
    about = last.get("property_item")
    told = about.get("rollup") if isinstance(about, dict) else None
    rollup = told if isinstance(told, dict) else {}
    if rollup.get("type") == "array":
        rollup = {**rollup, "array": items}
    elif str(rollup.get("type")) not in {"number", "date"}:
        before = prop.get(kind)
        rollup = {**before} if isinstance(before, dict) else {}
    return {**prop, "rollup": rollup, HAS_MORE: False}
