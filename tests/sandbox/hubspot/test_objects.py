"""Check lists, single records, batches and associations."""

import pytest

OBJECTS = "/hubspot/crm/objects/2026-09"
CONTACTS, COMPANIES = f"{OBJECTS}/contacts", f"{OBJECTS}/companies"
NONE = {"companies": {"results": []}}
LINKS = "/hubspot/crm/associations/2026-09/contacts/companies"


def list_all(client, url, **query):
    found, following = [], {"after": ""}
    while following:
        page = client.get(url, limit=100, **{**query, "after": following["after"]}).data
        found += page["results"]
        following = page.get("paging", {}).get("next")
    return found


def test_pages_cover_every_record_once_in_the_order_of_ids(connected):
    ids = [int(item["id"]) for item in list_all(connected, CONTACTS)]

    assert ids == sorted(set(ids))
    assert (len(ids), max(ids) > 2**32) == (700, True)


def test_the_defaults_are_ten_records_and_the_documented_properties(connected):
    page = connected.get(CONTACTS).data

    first = page["results"][0]
    names = "createdate email firstname hs_object_id lastmodifieddate lastname"
    assert len(page["results"]) == 10
    assert sorted(first["properties"]) == names.split()
    assert "/crm/v3/objects/contacts?after=" in page["paging"]["next"]["link"]
    url = f"https://app.hubspot.com/contacts/555111/record/0-1/{first['id']}"
    assert (first["url"], first["archived"]) == (url, False)
    assert first["createdAt"].endswith("Z")
    assert connected.get(f"{OBJECTS}/0-1").data == page


def test_unset_properties_are_null_and_unknown_ones_are_left_out(connected):
    names = "email,visit_notes,nope,national_id"

    found = list_all(connected, CONTACTS, properties=names)
    shown = connected.get(CONTACTS, limit=50, propertiesWithHistory="jobtitle").data

    always = {"createdate", "hs_object_id", "lastmodifieddate"}
    assert {"email", "visit_notes", *always} == set(found[0]["properties"])
    assert any(item["properties"]["visit_notes"] is None for item in found)
    history = shown["results"][0]["propertiesWithHistory"]
    assert history["jobtitle"][0]["sourceType"] == "IMPORT"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        *[(f"{CONTACTS}?limit={limit}", 400) for limit in ("0", "101", "-1", "x")],
        (f"{CONTACTS}?propertiesWithHistory=jobtitle&limit=51", 400),
        (f"{CONTACTS}?after=x", 400),
        (f"{CONTACTS}?properties={'x' * 9_000}", 414),
        *[(CONTACTS.replace("2026-09", v), 404) for v in ("v3", "2025-09", "2027-03")],
        # A company cannot be found by its domain: several share one.
        (f"{COMPANIES}/company0.example?idProperty=domain", 404),
    ],
)
def test_what_the_documentation_rules_out_is_refused(connected, url, status):
    answer = connected.get(url)

    assert answer.status == status
    assert status != 400 or answer.data["category"] == "VALIDATION_ERROR"


def test_a_list_tells_the_id_and_the_times_of_a_record_asked_for_or_not(connected):
    [shown] = connected.get(COMPANIES, limit=1, properties="name").data["results"]
    alone = connected.get(f"{COMPANIES}/{shown['id']}", properties="name").data

    times = shown["createdAt"], shown["updatedAt"]
    names = ("createdate", "hs_lastmodifieddate", "hs_object_id")
    told = dict(zip(names, (*times, shown["id"]), strict=True))
    assert shown["properties"] == {**alone["properties"], **told}
    assert set(alone["properties"]) == {"name"}


def test_associations_are_doubled_by_type_and_many_of_them_have_pages(connected):
    found = list_all(connected, CONTACTS, associations="companies")
    company = connected.get(COMPANIES, limit=1, associations="contacts").data

    with_some = [item for item in found if "associations" in item]
    kinds = {
        entry["type"]
        for item in with_some
        for entry in item["associations"]["companies"]["results"]
    }
    own = {"contact_to_company", "contact_to_company_unlabeled"}
    assert kinds == own | {"decision_maker", "billing_contact"}
    assert len(with_some) < len(found)
    group = company["results"][0]["associations"]["contacts"]
    assert len({entry["id"] for entry in group["results"]}) < 600
    assert group["paging"]["next"]["after"]


def test_a_batch_tells_labels_in_words_with_their_kind(connected):
    listed = list_all(connected, CONTACTS, associations="companies")
    named = {"decision_maker", "billing_contact"}
    inputs = [
        {"id": item["id"]}
        for item in listed
        for entry in item.get("associations", NONE)["companies"]["results"]
        if entry["type"] in named
    ]

    rows = connected.post(f"{LINKS}/batch/read", {"inputs": inputs}).data["results"]

    kinds = [k for row in rows for to in row["to"] for k in to["associationTypes"]]
    told = {(k["category"], k["typeId"], k["label"]) for k in kinds}
    assert told == {
        ("HUBSPOT_DEFINED", 279, None),
        ("HUBSPOT_DEFINED", 1, "Primary"),
        ("USER_DEFINED", 33, "Decision maker"),
        ("USER_DEFINED", 35, "Billing contact"),
    }


def find_first(client, kind):
    return client.get(f"{OBJECTS}/{kind}", limit=1).data["results"][0]["id"]


def make_contact(client):
    return client.command("records/create", properties={"email": "a@b.example"})["id"]


def test_a_batch_leaves_out_records_without_associations(connected):
    first = find_first(connected, "contacts")
    inputs = [{"id": first}, {"id": make_contact(connected)}]

    [row] = connected.post(f"{LINKS}/batch/read", {"inputs": inputs}).data["results"]

    assert row["from"]["id"] == first


def test_the_associations_of_a_record_have_pages(connected):
    company = find_first(connected, "companies")
    url = f"{COMPANIES}/{company}/associations/contacts"
    first = connected.get(url, limit=500).data

    second = connected.get(url, limit=500, **first["paging"]["next"]).data

    ids = [row["toObjectId"] for row in first["results"] + second["results"]]
    assert len(ids) == len(set(ids)) >= 600
    assert "paging" not in second
    alone = f"{CONTACTS}/{make_contact(connected)}/associations/companies"
    assert connected.get(alone).data == {"results": []}


def test_an_archived_record_is_found_only_when_asked_for(connected):
    archived = connected.get(CONTACTS, archived="true", limit=100).data["results"]
    url = f"{CONTACTS}/{archived[0]['id']}"

    assert (len(archived), bool(archived[0]["archivedAt"])) == (7, True)
    assert connected.get(url).status == 404
    assert connected.get(url, archived="true").data["archived"] is True


def test_a_record_is_found_by_the_ids_merged_into_it_and_by_its_address(connected):
    names = "hs_merged_object_ids,email"
    found = list_all(connected, CONTACTS, properties=names)
    winner = next(x for x in found if x["properties"]["hs_merged_object_ids"])
    address = winner["properties"]["email"].upper()
    urls = [f"{CONTACTS}/{address}?idProperty=email"]
    merged = winner["properties"]["hs_merged_object_ids"].split(";")
    urls += [f"{CONTACTS}/{old}" for old in merged]

    assert [connected.get(url).data["id"] for url in urls] == [winner["id"]] * 3


def test_a_batch_with_missing_records_is_a_partial_answer(connected):
    known = connected.get(CONTACTS, limit=2).data["results"]
    inputs = [{"id": item["id"]} for item in known] + [{"id": "1"}]
    body = {"properties": ["email"], "propertiesWithHistory": []}

    answer, too_many = (
        connected.post(f"{CONTACTS}/batch/read", {**body, "inputs": inputs * times})
        for times in (1, 34)
    )

    assert (answer.status, too_many.status) == (207, 400)
    assert (len(answer.data["results"]), answer.data["numErrors"]) == (2, 1)
    assert answer.data["errors"][0]["context"]["ids"] == ["1"]


def test_a_portal_shows_what_is_its_own_and_its_tier_allows(client):
    client.connect("2081774:61")
    assert len(list_all(client, CONTACTS)) == 300

    deals = "/hubspot/crm/{}/2026-09/deals"
    for url in (COMPANIES, deals.format("properties"), deals.format("pipelines")):
        answer = client.get(url)
        assert (answer.status, answer.data["category"]) == (403, "MISSING_SCOPES")
        # Every answer carries a correlation ID, an error in its body as well.
        sent = answer.headers["X-HubSpot-Correlation-Id"]
        assert sent == answer.data["correlationId"]
    assert client.get(CONTACTS).headers["X-HubSpot-Correlation-Id"]
