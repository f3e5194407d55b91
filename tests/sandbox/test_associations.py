"""Check the association endpoints."""

OBJECTS = "/hubspot/crm/objects/2026-09"
LINKS = "/hubspot/crm/associations/2026-09/contacts/companies"


def find_first(client, kind):
    return client.get(f"{OBJECTS}/{kind}", limit=1).data["results"][0]["id"]


def make_contact(client):
    return client.order("records/create", properties={"email": "a@b.example"})["id"]


def test_a_batch_leaves_out_records_without_associations(connected):
    first = find_first(connected, "contacts")
    inputs = [{"id": first}, {"id": make_contact(connected)}]

    [row] = connected.post(f"{LINKS}/batch/read", {"inputs": inputs}).data["results"]
    labels = connected.get(f"{LINKS}/labels").data["results"]

    kinds = [row["to"][0]["associationTypes"], labels]
    assert row["from"]["id"] == first
    for found in kinds:
        assert {k["typeId"]: k["label"] for k in found} == {1: "Primary", 279: None}


def test_a_record_with_many_associations_has_pages(connected):
    url = f"{OBJECTS}/companies/{find_first(connected, 'companies')}"
    url = f"{url}/associations/contacts"

    first = connected.get(url, limit=500).data
    second = connected.get(url, limit=500, **first["paging"]["next"]).data

    ids = [row["toObjectId"] for row in first["results"] + second["results"]]
    assert len(ids) == len(set(ids)) >= 600
    assert "paging" not in second


def test_associations_are_made_and_removed_both_ways(connected):
    contact, company = make_contact(connected), find_first(connected, "companies")
    pair = f"{OBJECTS}/contacts/{contact}/associations"
    back = f"{OBJECTS}/companies/{company}/associations/contacts"

    made = connected.call("PUT", f"{pair}/default/companies/{company}").status
    page = connected.get(back, after=contact).data["results"]
    gone = connected.delete(f"{pair}/companies/{company}").status

    assert (made, [row["toObjectId"] for row in page], gone) == (200, [contact], 204)
    assert connected.get(f"{pair}/companies").data["results"] == []
