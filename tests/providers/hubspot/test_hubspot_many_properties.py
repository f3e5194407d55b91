"""More properties than an address holds: they come by batch, and none is lost."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.http.errors import Forbidden
from integrations.providers.hubspot.mapping.items import ARCHIVED, merged_into

SINCE = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
BASE = "/crm/objects/2026-09/contacts"
LIST, BATCH = f"GET {BASE}", f"POST {BASE}/batch/read"
SEARCH = f"POST {BASE}/search"
LINKS = "POST /crm/associations/2026-09/contacts/companies/batch/read"
NAMES = [f"custom_property_{n}" for n in range(1000)]
SCHEMA = {"requested": ["email", *NAMES]}


def listed(remote_id, **changes):
    """Return a row as a list shows it: its links, and nothing else of interest."""
    link = {"id": "7001", "type": "contact_to_company"}
    return {
        "id": remote_id,
        "properties": {"hs_object_id": remote_id},
        "archived": False,
        "associations": {"companies": {"results": [link]}},
        **changes,
    }


def whole(remote_id):
    """Return the row of a batch, with a value for every property."""
    return {
        "id": remote_id,
        "properties": {"email": f"{remote_id}@example.com", **dict.fromkeys(NAMES)},
        "createdAt": "2026-01-02T03:04:05Z",
        "updatedAt": "2026-11-20T10:00:00.123Z",
        "archived": False,
    }


def links_of(*ids):
    target = {
        "toObjectId": "7001",
        "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 1}],
    }
    return {"results": [{"from": {"id": i}, "to": [target]} for i in ids]}


def fetch_page(hubspot, cursor=None):
    context = hubspot.context(schema=SCHEMA)
    return hubspot.connector.fetch_page(hubspot.api, context, cursor=cursor)


def fetch_changes(hubspot):
    return hubspot.connector.fetch_page(
        hubspot.api, hubspot.context(schema=SCHEMA), since=SINCE, cursor=None
    )


def sent(hubspot, number):
    return json.loads(hubspot.transport.requests[number].body)


def test_a_page_tells_ids_and_links_and_one_batch_all_properties(hubspot):
    paging = {"next": {"after": "3"}}
    hubspot.transport.on(
        LIST, {"results": [listed("1"), listed("2")], "paging": paging}
    )
    hubspot.transport.on(BATCH, {"results": [whole("2"), whole("1")]})

    page = fetch_page(hubspot)

    query = parse_qs(urlsplit(hubspot.transport.requests[0].url).query)
    assert query["properties"] == ["hs_object_id"]
    assert query["associations"] == ["companies"]
    assert sent(hubspot, 1) == {
        "properties": SCHEMA["requested"],
        "propertiesWithHistory": [],
        "inputs": [{"id": "1"}, {"id": "2"}],
    }
    assert [(item.id, item.parent_id) for item in page.items] == [
        ("1", "7001"),
        ("2", "7001"),
    ]
    assert set(NAMES) <= page.items[0].properties.keys()
    assert (page.next_cursor, page.unreadable) == ("3", 0)
    assert len(hubspot.limiter.asked) == 2


def test_a_record_is_the_same_from_a_list_a_batch_and_a_single_read(hubspot):
    hubspot.transport.on(LIST, {"results": [listed("1")]})
    hubspot.transport.on(BATCH, {"results": [whole("1")]})
    hubspot.transport.on(SEARCH, {"results": [listed("1")]})
    hubspot.transport.on(BATCH, {"results": [whole("1")]})
    hubspot.transport.on(LINKS, links_of("1"))
    hubspot.transport.on(SEARCH, {"results": [listed("1")]})
    hubspot.transport.on(BATCH, {"results": []})
    hubspot.transport.on(f"GET {BASE}/1", listed("1"))
    hubspot.transport.on(BATCH, {"results": [whole("1")]})

    from_list, from_batch, from_probe = (
        fetch_page(hubspot).items,
        fetch_changes(hubspot).items,
        fetch_changes(hubspot).items,
    )

    assert from_list == from_batch == from_probe
    assert hubspot.transport.left == []


def test_a_listed_record_that_a_batch_lacks_is_neither_stored_nor_gone(hubspot):
    hubspot.transport.on(LIST, {"results": [listed("1"), listed("2")]})
    hubspot.transport.on(BATCH, {"results": [whole("2")]}, status=207)

    page = fetch_page(hubspot)

    assert [item.id for item in page.items] == ["2"]
    assert page.unreadable == 1
    assert page.deleted == {}


def test_a_probed_record_that_a_batch_still_lacks_is_not_gone(hubspot):
    hubspot.transport.on(SEARCH, {"results": [listed("1")]})
    for _ in range(2):
        hubspot.transport.on(BATCH, {"results": []})
    hubspot.transport.on(f"GET {BASE}/1", listed("1"))

    page = fetch_changes(hubspot)

    assert (page.items, page.deleted, page.unreadable) == ([], {}, 1)


def test_a_probe_still_tells_merged_from_archived(hubspot):
    hubspot.transport.on(SEARCH, {"results": [listed("1"), listed("2")]})
    hubspot.transport.on(BATCH, {"results": []})
    hubspot.transport.on(f"GET {BASE}/1", listed("9"))
    hubspot.transport.on(f"GET {BASE}/2", hubspot.load("error_not_found"), status=404)

    page = fetch_changes(hubspot)

    assert page.deleted == {"1": merged_into("9"), "2": ARCHIVED}
    assert page.items == []


@pytest.mark.parametrize("odd", [None, {"id": None}, {"id": "x"}, {"id": "²"}])
def test_odd_rows_stay_out_of_the_batch_and_cost_the_others_nothing(hubspot, odd):
    hubspot.transport.on(LIST, {"results": [odd, listed("1")]})
    hubspot.transport.on(BATCH, {"results": [whole("1"), None]})

    page = fetch_page(hubspot)

    assert sent(hubspot, 1)["inputs"] == [{"id": "1"}]
    assert [item.id for item in page.items] == ["1"]
    assert page.unreadable == 1


def test_a_refused_batch_fails_the_page(hubspot):
    hubspot.transport.on(LIST, {"results": [listed("1")]})
    hubspot.transport.on(BATCH, hubspot.load("error_missing_scopes"), status=403)

    with pytest.raises(Forbidden):
        fetch_page(hubspot)


def test_archived_ids_need_no_batch(hubspot):
    hubspot.transport.on(LIST, {"results": [listed("1", archived=True)]})

    page = hubspot.connector.fetch_deleted(
        hubspot.api, hubspot.context(schema=SCHEMA), cursor=None
    )

    assert page.deleted == {"1": ARCHIVED}
