"""Find what changed: a keyset over ids inside a window of modified times.

HubSpot's search stops at 10,000 results, and an import can put more than that on
one timestamp. So every page is a search of its own for ids above the last one, and
never the continuation of a long result. A search names one property, because its
body may have 3,000 characters; the fields come by batch, and only for what is not
stored as it is.
"""

import itertools
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.http.errors import ApiError, InvalidResponse, is_refusal
from integrations.http.resilience.limits import Limit
from integrations.http.responses.shape import expect_list, expect_object
from integrations.providers.errors import ListingExpiredError
from integrations.providers.hubspot.api.paging import is_number, next_after
from integrations.providers.hubspot.listing.records import ID_ONLY, Reader
from integrations.providers.hubspot.mapping.items import (
    ARCHIVED,
    merged_away,
    merged_into,
)
from integrations.providers.hubspot.mapping.links import Links, has_links
from integrations.providers.kinds import Deletion
from integrations.providers.listing import Rows, id_of, to_page
from integrations.providers.records import IntegrationItem, Page
from integrations.providers.typed.values import to_time

logger = logging.getLogger(__name__)

SEARCH_SIZE = 200
# Each costs a call: more of them would not fit into one window of the burst limit,
# and a page that can never be finished would be begun for ever.
MAX_PROBES = 40

# The times of the last change by id, in the order of ids; None for an odd time.
Found = Mapping[str, datetime | None]


def fetch_changes(
    reader: Reader, limits: Sequence[Limit], *, since: datetime, cursor: str | None
) -> Page:
    """Return one page of what changed at or after ``since``, in the order of ids."""
    last = _from_cursor(cursor)
    found, odd, has_more = _search_ids(reader, limits, since, last)
    walked = list(found)
    ids, links = _without_known(reader, found)
    rows = {id_of(row): row for row in reader.fetch_batch(ids)}
    missing = [remote_id for remote_id in ids if remote_id not in rows]
    if len(missing) > MAX_PROBES:
        first_left = missing[MAX_PROBES]
        walked = walked[: walked.index(first_left)]
        ids = ids[: ids.index(first_left)]
        missing, has_more = missing[:MAX_PROBES], True
    batch = reader.map_batch((rows[each] for each in ids if each in rows), links)
    deleted, returned = _probe(reader, missing)
    if cursor is None:
        deleted |= _probe_stored(reader, found, most=MAX_PROBES - len(missing))
    probed = reader.map_listed(reader.complete(returned))
    mapped = Rows[IntegrationItem](unreadable=odd) + batch + probed
    for item in mapped.mapped:
        deleted |= merged_away(item)
    following = _to_cursor(walked[-1]) if has_more else None
    return to_page(mapped, following, deleted=deleted, cut=reader.cut)


def fetch_count(reader: Reader, limits: Sequence[Limit]) -> int:
    """Return how many records the search index holds, which lags a little."""
    body = _search(reader, limits, {"filterGroups": [], "limit": 1})
    total = body.get("total")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise InvalidResponse("total: expected a number of records")
    return total


def _without_known(
    reader: Reader, found: Found
) -> tuple[list[str], Mapping[str, Links] | None]:
    """Leave out what is stored as it is now: the overlap shows it again and again.

    An association may change without the modified time, so those are compared too;
    they are returned where they were asked for, for everything that was found.
    """
    stored = reader.collection.stored
    same_time = {
        remote_id: item
        for remote_id, item in (stored.find_own(list(found)) if stored else {}).items()
        if found[remote_id] is not None and found[remote_id] == item.updated
    }
    if not same_time:
        return list(found), None
    links = reader.fetch_links(list(found))
    known = {key for key, item in same_time.items() if has_links(item, links[key])}
    return [remote_id for remote_id in found if remote_id not in known], links


def _probe_stored(reader: Reader, found: Found, *, most: int) -> dict[str, Deletion]:
    """Find out which of some stored items are not there any more.

    What changed does not depend on it: a probe that fails is left to a later sync.
    """
    try:
        return _probe(reader, _without_answer(reader, found)[:most])[0]
    except ApiError as exc:
        if not is_refusal(exc):
            raise
        logger.info("stored items not probed: %s", type(exc).__name__)
        return {}


def _without_answer(reader: Reader, found: Found) -> list[str]:
    """Return those ids to probe that a batch does not know: it proves nothing yet.

    Nothing else tells what was erased for good: neither search nor a list.
    """
    probes = [each for each in reader.collection.probes if is_number(each)]
    asked = [each for each in probes if each not in found]
    known = {id_of(row) for row in reader.fetch_batch(asked, properties=(ID_ONLY,))}
    return [each for each in asked if each not in known]


def _probe(
    reader: Reader, missing: Sequence[str]
) -> tuple[dict[str, Deletion], list[dict[str, Any]]]:
    """Find out what became of ids that search still knows and a batch does not.

    Returns what became of those that are deleted, and the rows of those that are not.
    """
    deleted: dict[str, Deletion] = {}
    returned = []
    for remote_id in missing:
        row = reader.fetch_one(remote_id)
        found = id_of(row)
        if row is not None and found == remote_id:
            returned.append(row)
        else:
            deleted[remote_id] = merged_into(found) if found else ARCHIVED
    return deleted, returned


def _search_ids(
    reader: Reader, limits: Sequence[Limit], since: datetime, last: str | None
) -> tuple[Found, int, bool]:
    """Return the next ids in ascending order, and whether there are more.

    The number between them is that of rows without a readable id.
    """
    query = {
        "filterGroups": [{"filters": _window(reader, since, last)}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": SEARCH_SIZE,
    }
    body = _search(reader, limits, query)
    rows = expect_list(body.get("results"), "results")
    ids = [id_of(row) for row in rows]
    readable = [
        (remote_id, to_time(row.get("updatedAt")))
        for remote_id, row in zip(ids, rows, strict=True)
        if remote_id is not None and is_number(remote_id)
    ]
    has_more = next_after(body, None) is not None
    _check_progress([each for each, _ in readable], last, has_more=has_more)
    return dict(readable), len(rows) - len(readable), has_more


def _window(reader: Reader, since: datetime, last: str | None) -> list[dict[str, str]]:
    """Return the filters for what changed since then, behind the last id."""
    modified = {
        "propertyName": reader.kind.modified,
        "operator": "GTE",
        "value": str(int(since.timestamp() * 1000)),
    }
    if last is None:
        return [modified]
    behind = {"propertyName": "hs_object_id", "operator": "GT", "value": last}
    return [modified, behind]


def _search(
    reader: Reader, limits: Sequence[Limit], query: Mapping[str, Any]
) -> dict[str, Any]:
    """Search with the search's own limit: it does not count towards the burst one."""
    answer = reader.api.post(
        f"{reader.path}/search",
        json={**query, "properties": ["hs_object_id"]},
        limits=limits,
        is_read=True,
    )
    return expect_object(answer, "search")


def _check_progress(ids: Sequence[str], last: str | None, *, has_more: bool) -> None:
    """Refuse a page that would make the walk over ids stand still or turn round."""
    walked = [int(each) for each in ([last] if last else []) + list(ids)]
    if any(this >= following for this, following in itertools.pairwise(walked)):
        raise InvalidResponse("search: the ids are not in ascending order")
    if has_more and not ids:
        raise InvalidResponse("search: a page without an id in the middle")


def _to_cursor(last: str) -> str:
    return json.dumps({"after_id": last})


def _from_cursor(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        last = json.loads(cursor)["after_id"]
    except (ValueError, KeyError, TypeError) as exc:
        raise ListingExpiredError("the cursor is not one of this version") from exc
    if not isinstance(last, str) or not last.isdecimal():
        raise ListingExpiredError("the cursor names no id")
    return last
