"""Check the association endpoints."""

LINKS = "/hubspot/crm/associations/2026-09/contacts/companies"
OBJECTS = "/hubspot/crm/objects/2026-09"


def find_first(client, kind, number=0):
    return client.get(f"{OBJECTS}/{kind}").data["results"][number]["id"]


def make_contact(client):
    return client.order("records/create", properties={"email": "a@b.example"})["id"]


def test_a_batch_leaves_out_records_without_associations(connected):
    first = find_first(connected, "contacts")
    inputs = [{"id": first}, {"id": make_contact(connected)}]

    answer = connected.post(f"{LINKS}/batch/read", {"inputs": inputs}).data

    assert [row["from"]["id"] for row in answer["results"]] == [first]
    kinds = answer["results"][0]["to"][0]["associationTypes"]
    labels = {kind["typeId"]: kind["label"] for kind in kinds}
    assert labels == {1: "Primary", 279: None}
    found = connected.get(f"{LINKS}/labels").data["results"]
    assert {row["typeId"]: row["label"] for row in found} == labels


def test_a_record_with_many_associations_has_pages(connected):
    company = find_first(connected, "companies")
    url = f"{OBJECTS}/companies/{company}/associations/contacts"

    first = connected.get(url, limit=500).data
    after = first["paging"]["next"]["after"]
    second = connected.get(url, limit=500, after=after).data

    ids = [row["toObjectId"] for row in first["results"] + second["results"]]
    assert len(ids) == len(set(ids)) >= 600
    assert "paging" not in second


def test_associations_are_made_and_removed_both_ways(connected):
    contact, company = make_contact(connected), find_first(connected, "companies", 5)
    pair = f"{OBJECTS}/contacts/{contact}/associations"
    back = f"{OBJECTS}/companies/{company}/associations/contacts"

    made = connected.call("PUT", f"{pair}/default/companies/{company}")
    there = [row["toObjectId"] for row in connected.get(back).data["results"]]
    gone = connected.delete(f"{pair}/companies/{company}")

    assert (made.status, gone.status) == (200, 204)
    assert contact in there
    assert connected.get(f"{pair}/companies").data["results"] == []
