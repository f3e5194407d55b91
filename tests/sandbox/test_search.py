"""Check search: its filters, its bounds and its late index."""

import pytest

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
SEARCH = f"{CONTACTS}/search"


def where(*filters: tuple[object, ...], **more: object) -> dict[str, object]:
    made = []
    for name, operator, *value in filters:
        item = {"propertyName": name, "operator": operator}
        if value:
            field = "values" if isinstance(value[0], list) else "value"
            item[field] = value[0]
        made.append(item)
    return {"filterGroups": [{"filters": made}], **more}


def test_a_search_counts_everything_and_returns_a_page(connected):
    answer = connected.post(SEARCH, {"limit": 200}).data

    assert answer["total"] == 700
    assert len(answer["results"]) == 200
    assert answer["paging"] == {"next": {"after": "200"}}
    assert "associations" not in answer["results"][0]


def test_the_last_page_has_no_cursor(connected):
    answer = connected.post(SEARCH, {"limit": 200, "after": "600"}).data

    assert len(answer["results"]) == 100
    assert "paging" not in answer


def test_a_window_walks_by_id_over_equal_timestamps(connected):
    ids, last = [], "0"
    while True:
        connected.clock.now += 1
        body = where(
            ("lastmodifieddate", "GTE", "2026-09-15T00:00:00Z"),
            ("lastmodifieddate", "LTE", "2026-09-15T00:00:00Z"),
            ("hs_object_id", "GT", last),
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            limit=200,
        )
        page = connected.post(SEARCH, body).data["results"]
        if not page:
            break
        ids += [int(item["id"]) for item in page]
        last = page[-1]["id"]

    assert ids == sorted(set(ids))
    assert len(ids) > 300


def test_the_wrong_modified_property_matches_nothing(connected):
    body = where(("hs_lastmodifieddate", "GTE", "0"))

    assert connected.post(SEARCH, body).data["total"] == 0


def score(row):
    return float(row["loyalty_score"] or 0)


FILTERS = [
    (("lifecyclestage", "EQ", "LEAD"), lambda r: r["lifecyclestage"] == "lead"),
    (("lifecyclestage", "NEQ", "lead"), lambda r: r["lifecyclestage"] != "lead"),
    (("loyalty_score", "GT", "500"), lambda r: score(r) > 500),
    (("loyalty_score", "LTE", "9.5"), lambda r: 0 < score(r) <= 9.5),
    (("email", "NOT_HAS_PROPERTY"), lambda r: r["email"] is None),
    (("renewal_date", "HAS_PROPERTY"), lambda r: r["renewal_date"] is not None),
    (("jobtitle", "CONTAINS_TOKEN", "eng*"), lambda r: r["jobtitle"] == "Engineer"),
    (
        ("lifecyclestage", "IN", ["lead", "customer"]),
        lambda r: r["lifecyclestage"] in ("lead", "customer"),
    ),
    # The index holds lower case, and a list of values is compared as it was sent.
    (("lifecyclestage", "IN", ["LEAD"]), lambda _: False),
    (("lifecyclestage", "NOT_IN", ["lead"]), lambda r: r["lifecyclestage"] != "lead"),
]


@pytest.mark.parametrize(("condition", "is_met"), FILTERS)
def test_a_filter_finds_what_meets_it(connected, condition, is_met):
    records = connected.ask("records", limit=1000)["records"]
    names = ("email", "lifecyclestage", "loyalty_score", "renewal_date", "jobtitle")
    rows = [{n: record["properties"].get(n) for n in names} for record in records]

    total = connected.post(SEARCH, where(condition)).data["total"]

    assert total == sum(bool(is_met(row)) for row in rows)


def test_groups_are_alternatives(connected):
    one = where(("lifecyclestage", "EQ", "lead"))
    two = where(("lifecyclestage", "EQ", "customer"))
    both = {"filterGroups": one["filterGroups"] + two["filterGroups"]}

    totals = [connected.post(SEARCH, body).data["total"] for body in (one, two, both)]

    assert totals[0] + totals[1] == totals[2]


def test_contacts_are_found_by_their_company(connected):
    url = "/hubspot/crm/objects/2026-09/companies"
    first = connected.get(url, limit=1).data["results"][0]

    body = where(("associations.company", "EQ", first["id"]))

    assert connected.post(SEARCH, body).data["total"] >= 600


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 200, "after": "9801"},
        {"after": "10000"},
        {"after": "x"},
        {"sorts": [{"propertyName": "a"}, {"propertyName": "b"}]},
        {"filterGroups": [{"filters": []}]},
        {"filterGroups": where(("email", "EQ", "a"))["filterGroups"] * 6},
        where(*[("email", "EQ", "a")] * 7),
        where(("email", "LIKE", "a")),
        where(("lastmodifieddate", "GTE", "yesterday")),
        where(("email", "EQ", "a" * 3_000)),
        {"query": "zoe"},
    ],
)
def test_what_search_does_not_allow_is_refused(connected, body):
    answer = connected.post(SEARCH, body)

    assert answer.status == 400
    assert answer.data["category"] == "VALIDATION_ERROR"


def test_a_change_is_found_only_after_the_index_caught_up(connected):
    item = connected.get(CONTACTS, limit=1).data["results"][0]
    new = where(("email", "EQ", "new@example.com"))
    old = where(("email", "EQ", item["properties"]["email"]))

    connected.patch(
        f"{CONTACTS}/{item['id']}", {"properties": {"email": "new@example.com"}}
    )

    assert _count(connected, new, old) == (0, 1)
    connected.clock.now += 2.9
    assert _count(connected, new, old) == (0, 1)
    connected.clock.now += 0.2
    assert _count(connected, new, old) == (1, 0)


def test_each_of_several_changes_appears_in_its_own_time(connected):
    contact = connected.get(CONTACTS, limit=1).data["results"][0]["id"]
    seen = []

    for name in ("first@example.com", "second@example.com"):
        connected.order("records/edit", id=contact, properties={"email": name})
        connected.clock.now += 2
    for _ in range(3):
        body = {**where(("hs_object_id", "EQ", contact)), "properties": ["email"]}
        found = connected.post(SEARCH, body).data["results"][0]
        seen.append(found["properties"]["email"])
        connected.clock.now += 2

    assert seen == ["first@example.com", "second@example.com", "second@example.com"]


def test_a_new_record_appears_late_and_an_archived_one_goes_at_once(connected):
    made = connected.order("records/create", properties={"email": "n@example.com"})
    body = where(("email", "EQ", "n@example.com"))

    early = connected.post(SEARCH, body).data["total"]
    connected.clock.now += 3.1
    late = connected.post(SEARCH, body).data["total"]
    connected.order("records/archive", id=made["id"])
    gone = connected.post(SEARCH, body).data["total"]

    assert (early, late, gone) == (0, 1, 0)


def _count(client, *bodies):
    return tuple(client.post(SEARCH, body).data["total"] for body in bodies)
