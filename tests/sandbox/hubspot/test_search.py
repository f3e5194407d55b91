"""Check search: its filters, its bounds and its late index."""

import pytest

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
IMPORTED = "2026-09-15T00:00:00Z"


def where(*filters, **more):
    made = []
    for name, operator, *given in filters:
        item = {"propertyName": name, "operator": operator}
        made.append(item | ({"value": given[0]} if given else {}))
    return {"filterGroups": [{"filters": made}], **more}


def search(client, body):
    return client.post(f"{CONTACTS}/search", body)


def count(client, *bodies):
    return tuple(search(client, body).data["total"] for body in bodies)


def test_a_search_counts_everything_and_returns_a_page(connected):
    first, last = (
        search(connected, {"limit": 200, "after": after}).data for after in ("0", "600")
    )

    sizes = [len(page["results"]) for page in (first, last)]
    assert (first["total"], sizes) == (700, [200, 100])
    assert first["paging"] == {"next": {"after": "200"}}
    assert "associations" not in first["results"][0]
    assert "paging" not in last


def test_a_window_walks_by_id_over_equal_timestamps(connected):
    ids, page = [], [{"id": "0"}]
    sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    window = [("lastmodifieddate", op, IMPORTED) for op in ("GTE", "LTE")]
    while page:
        connected.clock.now += 1
        rest = ("hs_object_id", "GT", page[-1]["id"])
        body = where(*window, rest, sorts=sorts, limit=200)
        page = search(connected, body).data["results"]
        ids += [int(item["id"]) for item in page]

    assert ids == sorted(set(ids))
    assert len(ids) > 300


FILTERS = [
    (("lifecyclestage", "EQ", "LEAD"), lambda r: r["lifecyclestage"] == "lead"),
    (("lifecyclestage", "NEQ", "lead"), lambda r: r["lifecyclestage"] != "lead"),
    (("loyalty_score", "GT", "500"), lambda r: score(r) > 500),
    (("loyalty_score", "LTE", "9.5"), lambda r: 0 < score(r) <= 9.5),
    (("email", "NOT_HAS_PROPERTY"), lambda r: "email" not in r),
    (("renewal_date", "HAS_PROPERTY"), lambda r: "renewal_date" in r),
    # The modified date of another type of record is no property of a contact.
    (("hs_lastmodifieddate", "GTE", "0"), lambda _: False),
]


def score(row):
    return float(row.get("loyalty_score") or 0)


@pytest.mark.parametrize(("condition", "is_met"), FILTERS)
def test_a_filter_finds_what_meets_it(connected, condition, is_met):
    records = connected.query("records", limit=1000)["records"]

    met = sum(bool(is_met(record["properties"])) for record in records)

    assert count(connected, where(condition)) == (met,)


def test_groups_are_alternatives(connected):
    one, two = (where(("lifecyclestage", "EQ", s)) for s in ("lead", "customer"))
    both = {"filterGroups": one["filterGroups"] + two["filterGroups"]}

    first, second, together = count(connected, one, two, both)

    assert first + second == together


BAD_SEARCHES = [
    {"limit": 201},
    {"limit": 200, "after": "9801"},
    *({"after": after} for after in ("10000", "x")),
    {"sorts": [{"propertyName": "a"}, {"propertyName": "b"}]},
    {"filterGroups": [{"filters": []}]},
    {"filterGroups": where(("email", "EQ", "a"))["filterGroups"] * 6},
    where(*[("email", "EQ", "a")] * 7),
    where(("email", "LIKE", "a")),
    where(("lastmodifieddate", "GTE", "yesterday")),
    where(("email", "EQ", "a" * 3_000)),
    {"query": "zoe"},
]


@pytest.mark.parametrize("body", BAD_SEARCHES)
def test_what_search_does_not_allow_is_refused(connected, body):
    answer = search(connected, body)

    assert (answer.status, answer.data["category"]) == (400, "VALIDATION_ERROR")


def test_a_change_is_found_late_and_an_archived_record_goes_at_once(connected):
    fields = {"email": "zero@b.example"}
    item = connected.command("records/create", properties=fields)["id"]
    emails = [f"{number}@b.example" for number in ("zero", "one", "two")]
    bodies = [where(("email", "EQ", email)) for email in emails]
    seen = [count(connected, *bodies)]
    connected.clock.now += 3.1

    for email in emails[1:]:
        connected.patch(f"{CONTACTS}/{item}", {"properties": {"email": email}})
        seen.append(count(connected, *bodies))
        connected.clock.now += 2.9
    for _ in range(2):
        seen.append(count(connected, *bodies))
        connected.clock.now += 1
    connected.command("records/archive", id=item)
    seen.append(count(connected, *bodies))

    # Each of several changes appears in its own time.
    late = [(0, 0, 0), (1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert seen == [*late, (0, 0, 0)]
