"""Check account details, properties, pipelines and owners."""

import pytest

PROPERTIES = "/hubspot/crm/properties/2026-09/contacts"
CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
OWNERS = "/hubspot/crm/owners/2026-09"
HOUR = 3_600_000


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ("555111:4242", (555111, "app.hubspot.com", "-05:00", -5 * HOUR)),
        ("146201883:7301155", (146201883, "app-eu1.hubspot.com", "+01:00", HOUR)),
    ],
)
def test_details_tell_where_a_portal_lives(client, identity, told, version):
    client.connect(identity)
    client.switch("withdrawn_scopes", ["crm.objects.contacts.read"])
    url = f"/hubspot/account-info/{version}/details"

    details = client.get(url).data
    client.switch("withdrawn_scopes", ["oauth"])

    names = ("portalId", "uiDomain", "utcOffset", "utcOffsetMilliseconds")
    assert tuple(details[name] for name in names) == told
    # They need that scope and no other.
    assert client.get(url).data["category"] == "MISSING_SCOPES"


def test_properties_come_with_labels_types_and_options(connected):
    results = connected.get(PROPERTIES).data["results"]
    archived = connected.get(PROPERTIES, archived="true").data["results"]
    found = {definition["name"]: definition for definition in results}

    assert found["firstname"]["label"] == "First Name"
    assert found["lastmodifieddate"]["modificationMetadata"]["readOnlyValue"] is True
    assert found["lifecyclestage"]["options"][0]["value"] == "subscriber"
    assert not {"national_id", "fax_old"} & found.keys()
    assert [definition["name"] for definition in archived] == ["fax_old"]


def test_a_portal_has_hundreds_of_properties_of_which_most_are_unset(connected):
    found = connected.get(PROPERTIES).data["results"]
    connected.switch("properties", 700)
    more = connected.get(PROPERTIES).data["results"]
    names = [definition["name"] for definition in more]
    own = names[len(found) - 100 :][:250]
    url = f"{CONTACTS}?limit=1&properties="
    contact = connected.get(url + ",".join(own)).data["results"][0]

    assert len({definition["name"] for definition in found}) >= 295
    assert len(more) == len(found) + 400
    assert found[-1]["modificationMetadata"]["readOnlyValue"] is False
    assert contact["properties"][own[-1]] is None
    assert connected.get(url + ",".join(names)).status == 414


def test_there_are_two_pipelines_whose_metadata_is_text(connected):
    found = connected.get("/hubspot/crm/pipelines/2026-09/deals").data["results"]

    assert [pipeline["id"] for pipeline in found] == ["default", "8104512"]
    metadata = found[0]["stages"][3]["metadata"]
    assert metadata == {"isClosed": "true", "probability": "1.0"}


def test_owners_come_in_pages_and_the_deactivated_apart(connected):
    first = connected.get(OWNERS, limit=100).data
    second = connected.get(OWNERS, limit=100, **first["paging"]["next"]).data
    gone = connected.get(OWNERS, archived="true").data["results"]

    every, too_many = (connected.get(OWNERS, limit=limit) for limit in (500, 501))

    assert (len(first["results"]), len(second["results"]), len(gone)) == (100, 21, 7)
    assert "paging" not in second
    assert every.data["results"] == first["results"] + second["results"]
    assert too_many.status == 400
    assert "userId" not in gone[0]
    assert first["results"][0]["type"] == "QUEUE"
