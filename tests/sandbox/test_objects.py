"""Check lists, single records and batch reading."""

import pytest

from tests.sandbox.wsgi_client import Client

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"


def list_all(client: Client, url: str, **query: str | int) -> list[dict[str, object]]:
    found, after = [], ""
    while True:
        page = client.get(url, limit=100, after=after, **query).data
        found += page["results"]
        if "paging" not in page:
            return found
        after = page["paging"]["next"]["after"]


def test_pages_cover_every_record_once_in_the_order_of_ids(connected):
    ids = [int(item["id"]) for item in list_all(connected, CONTACTS)]

    assert len(ids) == 700
    assert ids == sorted(set(ids))
    assert max(ids) > 2**32


def test_the_defaults_are_ten_records_and_the_documented_properties(connected):
    page = connected.get(CONTACTS).data

    assert len(page["results"]) == 10
    assert set(page["results"][0]["properties"]) == {
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    }
    assert "/crm/v3/objects/contacts?after=" in page["paging"]["next"]["link"]


def test_unset_properties_are_null_and_unknown_ones_are_left_out(connected):
    names = "email,visit_notes,nope,national_id"

    found = list_all(connected, CONTACTS, properties=names)

    assert {"email", "visit_notes"} == set(found[0]["properties"])
    assert any(item["properties"]["visit_notes"] is None for item in found)


def test_a_record_carries_times_and_the_address_of_its_page(connected):
    item = connected.get(CONTACTS, limit=1).data["results"][0]

    assert item["createdAt"].endswith("Z")
    assert item["archived"] is False
    assert item["url"] == (
        f"https://app.hubspot.com/contacts/555111/record/0-1/{item['id']}"
    )


def test_the_type_id_names_the_same_list(connected):
    by_id = connected.get("/hubspot/crm/objects/2026-09/0-1").data["results"]

    assert by_id == connected.get(CONTACTS).data["results"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x"])
def test_a_page_size_outside_the_bounds_is_refused(connected, limit):
    answer = connected.get(CONTACTS, limit=limit)

    assert answer.status == 400
    assert answer.data["category"] == "VALIDATION_ERROR"


def test_pages_with_history_are_half_as_long(connected):
    query = {"propertiesWithHistory": "jobtitle"}

    assert connected.get(CONTACTS, limit=51, **query).status == 400
    item = connected.get(CONTACTS, limit=50, **query).data["results"][0]
    assert item["propertiesWithHistory"]["jobtitle"][0]["sourceType"] == "IMPORT"


def test_a_cursor_must_be_a_number(connected):
    assert connected.get(CONTACTS, after="x").status == 400


def test_an_address_that_is_too_long_is_refused(connected):
    assert connected.get(CONTACTS, properties="x" * 9_000).status == 414


@pytest.mark.parametrize("version", ["v3", "2025-09", "2027-03"])
def test_only_the_two_dated_versions_are_served(connected, version):
    assert connected.get(f"/hubspot/crm/objects/{version}/contacts").status == 404


def test_associations_are_shown_by_plural_name_and_doubled_by_type(connected):
    found = list_all(connected, CONTACTS, associations="companies")
    with_some = [item for item in found if "associations" in item]

    entries = with_some[0]["associations"]["companies"]["results"]
    kinds = {entry["type"] for entry in entries}
    assert kinds == {"contact_to_company", "contact_to_company_unlabeled"}
    assert len(with_some) < len(found)


def test_many_associations_have_a_paging_of_their_own(connected):
    url = "/hubspot/crm/objects/2026-09/companies"

    first = connected.get(url, limit=1, associations="contacts").data["results"][0]

    group = first["associations"]["contacts"]
    assert len({entry["id"] for entry in group["results"]}) < 600
    assert group["paging"]["next"]["after"]


def test_an_archived_record_is_found_only_when_asked_for(connected):
    archived = connected.get(CONTACTS, archived="true", limit=100).data["results"]
    url = f"{CONTACTS}/{archived[0]['id']}"

    assert len(archived) == 7
    assert archived[0]["archivedAt"]
    assert connected.get(url).status == 404
    assert connected.get(url, archived="true").data["archived"] is True


def test_a_merged_away_id_answers_with_the_record_it_became(connected):
    names = "hs_merged_object_ids"
    found = list_all(connected, CONTACTS, properties=names)
    winner = next(item for item in found if item["properties"][names])
    old = winner["properties"][names].split(";")[0]

    assert connected.get(f"{CONTACTS}/{old}").data["id"] == winner["id"]


def test_a_contact_is_found_by_its_address_in_any_case(connected):
    item = connected.get(CONTACTS, limit=1).data["results"][0]
    address = item["properties"]["email"].upper()

    found = connected.get(f"{CONTACTS}/{address}", idProperty="email").data

    assert found["id"] == item["id"]


def test_a_company_cannot_be_found_by_its_domain(connected):
    url = "/hubspot/crm/objects/2026-09/companies"

    answer = connected.get(f"{url}/company0.example", idProperty="domain")

    assert answer.status == 404


def test_a_batch_with_missing_records_is_a_partial_answer(connected):
    known = connected.get(CONTACTS, limit=2).data["results"]
    inputs = [{"id": item["id"]} for item in known] + [{"id": "1"}]
    body = {"properties": ["email"], "propertiesWithHistory": [], "inputs": inputs}

    answer = connected.post(f"{CONTACTS}/batch/read", body)

    assert answer.status == 207
    assert len(answer.data["results"]) == 2
    assert answer.data["errors"][0]["context"]["ids"] == ["1"]
    assert answer.data["numErrors"] == 1


def test_a_batch_has_at_most_a_hundred_inputs(connected):
    body = {"properties": [], "inputs": [{"id": "1"}] * 101}

    assert connected.post(f"{CONTACTS}/batch/read", body).status == 400


def test_a_portal_shows_its_own_records_only(client):
    client.connect("2081774:61")

    assert len(list_all(client, CONTACTS)) == 300
    answer = client.get("/hubspot/crm/objects/2026-09/companies")
    assert answer.data["category"] == "MISSING_SCOPES"
    scopes = answer.data["errors"][0]["context"]["requiredGranularScopes"]
    assert scopes == ["crm.objects.companies.read"]


def test_every_answer_carries_a_correlation_id(connected):
    good = connected.get(CONTACTS, limit=1)
    bad = connected.get(f"{CONTACTS}/1")

    assert good.headers["X-HubSpot-Correlation-Id"]
    assert bad.headers["X-HubSpot-Correlation-Id"] == bad.data["correlationId"]
