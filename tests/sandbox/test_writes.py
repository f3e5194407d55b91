"""Check what the API lets an app write."""

import pytest

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
OLDER = "/hubspot/crm/objects/2026-03/contacts"


def make(client, url=CONTACTS, **properties):
    return client.post(url, {"properties": properties})


def test_a_created_contact_is_there_at_once(connected):
    answer = make(connected, email="zoe@example.com", firstname="Zoë")

    assert answer.status == 201
    assert answer.headers["Location"].endswith(f"/contacts/{answer.data['id']}")
    found = connected.get(f"{CONTACTS}/{answer.data['id']}").data
    assert found["properties"]["firstname"] == "Zoë"


def test_a_contact_can_be_created_with_a_company(connected):
    companies = "/hubspot/crm/objects/2026-09/companies"
    company = connected.get(companies, limit=1).data["results"][0]["id"]
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    link = {"to": {"id": company}, "types": [kind]}
    body = {"properties": {"email": "a@example.com"}, "associations": [link]}

    made = connected.post(CONTACTS, body).data
    body["properties"]["email"] = "b@example.com"
    link["to"]["id"] = "1"
    refused = connected.post(CONTACTS, body)

    shown = connected.get(f"{CONTACTS}/{made['id']}", associations="companies").data
    assert shown["associations"]["companies"]["results"][0]["id"] == company
    assert refused.data["message"] == "One or more associations are invalid"


def test_a_taken_address_is_a_conflict_that_names_the_other_id(connected):
    first = make(connected, email="zoe@example.com").data

    answer = make(connected, email="ZOE@example.com")

    assert answer.status == 409
    assert answer.data["category"] == "CONFLICT"
    assert answer.data["message"].endswith(f"Existing ID: {first['id']}")


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"email": "a@b.example", "nope": "x"}, "PROPERTY_DOESNT_EXIST"),
        ({"email": "a@b.example", "createdate": "1"}, "READ_ONLY_VALUE"),
        ({"email": "a@b.example", "num_associated_deals": "1"}, "READ_ONLY_VALUE"),
        ({"email": "not an address"}, "INVALID_EMAIL"),
        ({"email": "a@b.example", "lifecyclestage": "hero"}, "INVALID_OPTION"),
        ({"email": "a@b.example", "hubspot_owner_id": "1"}, "INVALID_OPTION"),
        ({"email": "a@b.example", "loyalty_score": "many"}, "INVALID_INTEGER"),
        ({"email": "a@b.example", "renewal_date": "soon"}, "INVALID_DATE"),
        ({"email": "a@b.example", "is_vip": "maybe"}, "INVALID_OPTION"),
        ({"jobtitle": "CEO"}, "MISSING_REQUIRED_PROPERTY"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_code(connected, properties, code):
    answer = make(connected, **properties)

    assert answer.status == 400
    assert answer.data["category"] == "VALIDATION_ERROR"
    assert answer.data["errors"][0]["code"] == code
    assert answer.data["errors"][0]["context"]["propertyName"]


def test_malformed_json_is_refused(connected):
    answer = connected.call("POST", CONTACTS, body=b"{nope")

    assert answer.status == 400
    assert answer.data["message"].startswith("Invalid input JSON on line 1")


def test_a_patch_changes_what_it_names_and_clears_with_empty_text(connected):
    made = make(connected, email="a@b.example", firstname="A", city="Bonn").data
    connected.clock.now += 10

    url = f"{CONTACTS}/{made['id']}"
    answer = connected.patch(url, {"properties": {"firstname": "B", "city": ""}})

    assert answer.data["properties"]["firstname"] == "B"
    found = connected.get(url, properties="city,email").data
    assert found["properties"] == {"city": None, "email": "a@b.example"}
    assert found["updatedAt"] > made["updatedAt"]


def test_history_shows_the_newest_value_first(connected):
    made = make(connected, email="a@b.example", jobtitle="One").data
    url = f"{CONTACTS}/{made['id']}"
    connected.clock.now += 10
    connected.patch(url, {"properties": {"jobtitle": "Two"}})

    shown = connected.get(url, propertiesWithHistory="jobtitle").data

    history = shown["propertiesWithHistory"]["jobtitle"]
    assert [version["value"] for version in history] == ["Two", "One"]


def test_the_lifecycle_stage_only_moves_forward(connected):
    made = make(connected, email="a@b.example", lifecyclestage="customer").data
    url = f"{CONTACTS}/{made['id']}"
    stages = []

    for value in ("lead", "", "lead"):
        connected.patch(url, {"properties": {"lifecyclestage": value}})
        shown = connected.get(url, properties="lifecyclestage").data
        stages.append(shown["properties"]["lifecyclestage"])

    assert stages == ["customer", None, "lead"]


def test_a_leading_semicolon_adds_to_a_choice_of_many(connected):
    made = make(connected, email="a@b.example", newsletter_topics="product").data
    url = f"{CONTACTS}/{made['id']}"

    answer = connected.patch(url, {"properties": {"newsletter_topics": ";jobs"}})

    assert answer.data["properties"]["newsletter_topics"] == "product;jobs"


def test_the_newer_version_normalises_dates_and_says_so(connected):
    value = "2026-11-22T10:00:00Z"

    older = make(connected, OLDER, email="a@b.example", renewal_date=value)
    newer = make(connected, email="a@b.example", renewal_date=value)

    assert older.data["errors"][0]["code"] == "INVALID_DATE"
    assert newer.data["properties"]["renewal_date"] == "2026-11-22"
    warning = newer.data["warnings"][0]
    assert warning["category"] == "PROPERTY_VALUE_NORMALIZED"
    assert warning["context"]["rawValue"] == value


def test_the_customers_own_rules_bind_the_newer_version_only(connected):
    connected.order("switches/set", name="required_properties", value="city phone")

    newer = make(connected, email="a@b.example", phone="1")
    older = make(connected, OLDER, email="a@b.example")

    assert newer.data["errors"][0]["code"] == "MISSING_REQUIRED_PROPERTY"
    assert newer.data["errors"][0]["context"]["propertyName"] == ["city"]
    assert older.status == 201


def test_a_deal_needs_a_stage_of_its_own_pipeline(connected):
    url = "/hubspot/crm/objects/2026-09/deals"
    good = {"dealname": "D", "pipeline": "default", "dealstage": "closedwon"}

    assert make(connected, url, **good).status == 201
    for bad in ({"dealstage": "92218801"}, {"pipeline": ""}, {"dealname": ""}):
        assert make(connected, url, **{**good, **bad}).status == 400


def test_archiving_hides_a_record_and_is_no_error_twice(connected):
    url = f"{CONTACTS}/{connected.get(CONTACTS, limit=1).data['results'][0]['id']}"

    assert connected.delete(url).status == 204
    assert connected.delete(url).status == 204
    assert connected.get(url).status == 404
    assert connected.get(url, archived="true").status == 200


def test_merging_makes_a_new_record_that_the_old_ids_lead_to(connected):
    one = make(connected, email="one@b.example", firstname="One").data
    two = make(connected, email="two@b.example", city="Bonn").data
    body = {"primaryObjectId": one["id"], "objectIdToMerge": two["id"]}

    merged = connected.post(f"{CONTACTS}/merge", body).data

    assert merged["id"] not in (one["id"], two["id"])
    names = "firstname,city,hs_merged_object_ids,hs_additional_emails"
    for old in (one["id"], two["id"]):
        shown = connected.get(f"{CONTACTS}/{old}", properties=names).data
        assert shown["id"] == merged["id"]
        assert connected.patch(f"{CONTACTS}/{old}", {"properties": {}}).status == 404
    assert shown["properties"] == {
        "firstname": "One",
        "city": "Bonn",
        "hs_merged_object_ids": f"{one['id']};{two['id']}",
        "hs_additional_emails": "two@b.example",
    }


def test_the_older_way_of_merging_keeps_the_winners_id(connected):
    connected.order("switches/set", name="merge_keeps_id", value=True)
    one = make(connected, email="one@b.example").data
    two = make(connected, email="two@b.example").data
    body = {"primaryObjectId": one["id"], "objectIdToMerge": two["id"]}

    assert connected.post(f"{CONTACTS}/merge", body).data["id"] == one["id"]
    assert connected.get(f"{CONTACTS}/{two['id']}").data["id"] == one["id"]


def test_an_erased_contact_is_gone_and_its_id_is_never_used_again(connected):
    made = make(connected, email="a@b.example").data
    body = {"objectId": "a@b.example", "idProperty": "email"}

    assert connected.post(f"{CONTACTS}/gdpr-delete", body).status == 204

    url = f"{CONTACTS}/{made['id']}"
    assert connected.get(url).status == 404
    assert connected.get(url, archived="true").status == 404
    assert int(make(connected, email="a@b.example").data["id"]) > int(made["id"])


def test_writing_needs_the_scope_to_write(connected):
    scopes = ["crm.objects.contacts.write"]
    connected.order("switches/set", name="withdrawn_scopes", value=scopes)

    assert make(connected, email="a@b.example").data["category"] == "MISSING_SCOPES"
