"""Check the association endpoints."""

LINKS = "/hubspot/crm/associations/2026-09/contacts/companies"
OBJECTS = "/hubspot/crm/objects/2026-09"


def test_a_batch_leaves_out_records_without_associations(connected):
    found = connected.get(f"{OBJECTS}/contacts", limit=1).data["results"]
    made = connected.order("records/create", properties={"email": "a@b.example"})
    inputs = [{"id": found[0]["id"]}, {"id": made["id"]}]

    answer = connected.post(f"{LINKS}/batch/read", {"inputs": inputs}).data

    assert [row["from"]["id"] for row in answer["results"]] == [found[0]["id"]]
    kinds = answer["results"][0]["to"][0]["associationTypes"]
    assert {(kind["typeId"], kind["label"]) for kind in kinds} == {
        (1, "Primary"),
        (279, None),
    }


def test_a_record_with_many_associations_has_pages(connected):
    company = connected.get(f"{OBJECTS}/companies", limit=1).data["results"][0]["id"]
    url = f"{OBJECTS}/companies/{company}/associations/contacts"

    first = connected.get(url, limit=500).data
    after = first["paging"]["next"]["after"]
    second = connected.get(url, limit=500, after=after).data

    ids = [row["toObjectId"] for row in first["results"] + second["results"]]
    assert len(ids) == len(set(ids)) >= 600
    assert "paging" not in second


def test_associations_are_made_and_removed_both_ways(connected):
    contact = connected.order("records/create", properties={"email": "a@b.example"})
    company = connected.get(f"{OBJECTS}/companies").data["results"][5]["id"]
    pair = f"{OBJECTS}/contacts/{contact['id']}/associations"
    back = f"{OBJECTS}/companies/{company}/associations/contacts"

    made = connected.call("PUT", f"{pair}/default/companies/{company}")
    there = [row["toObjectId"] for row in connected.get(back).data["results"]]
    gone = connected.delete(f"{pair}/companies/{company}")

    assert (made.status, gone.status) == (200, 204)
    assert contact["id"] in there
    assert connected.get(f"{pair}/companies").data["results"] == []


def test_labels_name_the_primary_type(connected):
    found = connected.get(f"{LINKS}/labels").data["results"]

    assert {row["typeId"]: row["label"] for row in found} == {279: None, 1: "Primary"}


def test_both_types_need_their_scope(connected):
    scopes = "crm.objects.companies.read"
    connected.order("switches/set", name="withdrawn_scopes", value=scopes)

    answer = connected.post(f"{LINKS}/batch/read", {"inputs": [{"id": "9001"}]})

    assert answer.data["category"] == "MISSING_SCOPES"
