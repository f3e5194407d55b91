"""Check account details, properties, pipelines and owners."""


def test_details_tell_where_the_portal_lives(client):
    client.connect("146201883:7301155")

    details = client.get("/hubspot/account-info/2026-09/details").data

    assert details["portalId"] == 146201883
    assert details["uiDomain"] == "app-eu1.hubspot.com"
    assert details["utcOffset"] == "+01:00"
    assert details["utcOffsetMilliseconds"] == 3_600_000


def test_the_offset_west_of_greenwich_is_negative(connected):
    details = connected.get("/hubspot/account-info/2026-03/details").data

    assert details["utcOffsetMilliseconds"] == -5 * 3_600_000


def test_properties_come_with_labels_types_and_options(connected):
    answer = connected.get("/hubspot/crm/properties/2026-09/contacts").data
    found = {definition["name"]: definition for definition in answer["results"]}

    assert found["firstname"]["label"] == "First Name"
    assert found["lastmodifieddate"]["modificationMetadata"]["readOnlyValue"] is True
    assert found["lifecyclestage"]["options"][0]["value"] == "subscriber"
    assert "national_id" not in found
    assert "fax_old" not in found


def test_archived_properties_are_listed_apart(connected):
    url = "/hubspot/crm/properties/2026-09/contacts"

    found = connected.get(url, archived="true").data["results"]

    assert [definition["name"] for definition in found] == ["fax_old"]


def test_sensitive_properties_need_a_scope_of_their_own(connected):
    url = "/hubspot/crm/properties/2026-09/contacts"

    assert connected.get(url, dataSensitivity="sensitive").status == 403


def test_a_portal_without_deals_has_no_right_to_their_reference_data(client):
    client.connect("2081774:61")

    for path in ("properties/2026-09/deals", "pipelines/2026-09/deals"):
        answer = client.get(f"/hubspot/crm/{path}")
        assert answer.status == 403
        assert answer.data["category"] == "MISSING_SCOPES"


def test_there_are_two_pipelines_whose_metadata_is_text(connected):
    found = connected.get("/hubspot/crm/pipelines/2026-09/deals").data["results"]

    assert [pipeline["id"] for pipeline in found] == ["default", "8104512"]
    won = found[0]["stages"][3]
    assert won["metadata"] == {"isClosed": "true", "probability": "1.0"}


def test_owners_come_in_pages_and_the_deactivated_apart(connected):
    url = "/hubspot/crm/owners/2026-09"

    first = connected.get(url, limit=100).data
    after = first["paging"]["next"]["after"]
    second = connected.get(url, limit=100, after=after).data
    gone = connected.get(url, archived="true").data["results"]

    assert len(first["results"]) == 100
    assert "paging" not in second
    assert len(gone) == 7
    assert "userId" not in gone[0]
    assert first["results"][0]["type"] == "QUEUE"


def test_an_owner_is_found_by_owner_id_and_by_user_id(connected):
    url = "/hubspot/crm/owners/2026-09"

    by_id = connected.get(f"{url}/300100").data
    by_user = connected.get(f"{url}/{by_id['userId']}", idProperty="userId").data

    assert by_user == by_id
    assert connected.get(f"{url}/1").status == 404
