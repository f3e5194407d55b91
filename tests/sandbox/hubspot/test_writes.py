"""Check what the API lets an app write."""

import pytest

OBJECTS = "/hubspot/crm/objects/2026-09"
CONTACTS, DEALS = f"{OBJECTS}/contacts", f"{OBJECTS}/deals"
LINKS, INPUTS = "/hubspot/crm/associations/2026-09", {"inputs": [{"id": "9001"}]}
BOTH, OLDER = ("false", "true"), "/hubspot/crm/objects/2026-03/contacts"


def make(client, url=CONTACTS, **properties):
    return client.post(url, {"properties": {"email": "a@b.example", **properties}})


def test_a_contact_can_be_created_with_a_company(connected):
    company = connected.get(f"{OBJECTS}/companies", limit=1).data["results"][0]["id"]
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}

    def link(email, other):
        links = [{"to": {"id": other}, "types": [kind]}]
        body = {"properties": {"email": email}, "associations": links}
        return connected.post(CONTACTS, body).data

    made, refused = link("a@example.com", company), link("b@example.com", "1")

    shown = connected.get(f"{CONTACTS}/{made['id']}", associations="companies").data
    assert shown["associations"]["companies"]["results"][0]["id"] == company
    assert refused["message"] == "One or more associations are invalid"


def test_a_created_contact_is_there_at_once_and_its_address_is_taken(connected):
    made = make(connected, firstname="Zoë")
    again = make(connected, email="A@B.example")
    malformed = connected.call("POST", CONTACTS, body=b"{nope")

    assert made.status == 201
    found = connected.get(made.headers["Location"].partition(":8100")[2]).data
    assert (found["id"], found["properties"]["firstname"]) == (made.data["id"], "Zoë")
    assert (again.status, again.data["category"]) == (409, "CONFLICT")
    assert again.data["message"].endswith(f"Existing ID: {found['id']}")
    assert malformed.status == 400
    assert malformed.data["message"].startswith("Invalid input JSON on line 1")


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"nope": "x"}, "PROPERTY_DOESNT_EXIST"),
        ({"createdate": "1"}, "READ_ONLY_VALUE"),
        ({"num_associated_deals": "1"}, "READ_ONLY_VALUE"),
        ({"email": "not an address"}, "INVALID_EMAIL"),
        ({"lifecyclestage": "hero"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "1"}, "INVALID_OPTION"),
        ({"loyalty_score": "many"}, "INVALID_INTEGER"),
        ({"renewal_date": "soon"}, "INVALID_DATE"),
        ({"is_vip": "maybe"}, "INVALID_OPTION"),
        ({"email": "", "jobtitle": "CEO"}, "MISSING_REQUIRED_PROPERTY"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_code(connected, properties, code):
    answer = make(connected, **properties)

    [error] = answer.data["errors"]
    assert (answer.status, answer.data["category"]) == (400, "VALIDATION_ERROR")
    assert error["code"] == code
    assert set(error["context"]["propertyName"]) <= properties.keys()


def change(client, record, **properties):
    """Change a contact and return what the answer shows of it."""
    url = f"{CONTACTS}/{record['id']}"
    return client.patch(url, {"properties": properties}).data["properties"]


def test_a_patch_changes_what_it_names_and_clears_with_empty_text(connected):
    made = make(connected, firstname="A", city="Bonn").data
    connected.clock.now += 10

    assert change(connected, made, firstname="B", city="")["firstname"] == "B"

    query = {"properties": "city,email", "propertiesWithHistory": "firstname"}
    found = connected.get(f"{CONTACTS}/{made['id']}", **query).data
    assert found["properties"] == {"city": None, "email": "a@b.example"}
    assert found["updatedAt"] > made["updatedAt"]
    history = found["propertiesWithHistory"]["firstname"]
    assert [version["value"] for version in history] == ["B", "A"]


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        # The lifecycle stage only moves forward, unless it is cleared.
        ("lifecyclestage", ["customer", "lead"], ["customer", "customer"]),
        ("lifecyclestage", ["customer", "", "lead"], ["customer", None, "lead"]),
        # A leading semicolon adds to a choice of many.
        ("newsletter_topics", ["product", ";jobs"], ["product", "product;jobs"]),
    ],
)
def test_some_properties_do_not_take_just_any_value(connected, name, values, shown):
    made = make(connected).data

    assert [change(connected, made, **{name: v})[name] for v in values] == shown


def test_the_newer_version_normalises_dates_and_obeys_the_customers_own_rules(
    connected,
):
    value = "2026-11-22T10:00:00Z"
    first = [make(connected, url, renewal_date=value).data for url in (OLDER, CONTACTS)]
    connected.switch("required_properties", "city phone")
    newer, older = (
        make(connected, url, phone="1", email="c@b.example")
        for url in (CONTACTS, OLDER)
    )

    assert first[0]["errors"][0]["code"] == "INVALID_DATE"
    assert first[1]["properties"]["renewal_date"] == "2026-11-22"
    [warning], [error] = first[1]["warnings"], newer.data["errors"]
    assert warning["category"] == "PROPERTY_VALUE_NORMALIZED"
    assert warning["context"]["rawValue"] == value
    assert error["code"] == "MISSING_REQUIRED_PROPERTY"
    assert (error["context"]["propertyName"], older.status) == (["city"], 201)


@pytest.mark.parametrize(
    "changes", [{}, {"dealstage": "92218801"}, {"pipeline": ""}, {"dealname": ""}]
)
def test_a_deal_needs_a_stage_of_its_own_pipeline(connected, changes):
    good = {"dealname": "D", "pipeline": "default", "dealstage": "closedwon"}

    answer = connected.post(DEALS, {"properties": {**good, **changes}})

    assert answer.status == (400 if changes else 201)


def test_archiving_hides_a_record_and_is_no_error_twice(connected):
    url = f"{CONTACTS}/{make(connected).data['id']}"

    assert [connected.delete(url).status for _ in range(2)] == [204, 204]
    statuses = [connected.get(url, archived=archived).status for archived in BOTH]
    connected.order("records/restore", id=url.rpartition("/")[2])
    assert [*statuses, connected.get(url).status] == [404, 200, 200]


@pytest.mark.parametrize("keeps_id", [False, True])
def test_merging_makes_a_new_record_or_keeps_the_winners_id(connected, keeps_id):
    connected.switch("merge_keeps_id", keeps_id)
    one = make(connected, email="one@b.example", firstname="One").data["id"]
    two = make(connected, email="two@b.example", city="Bonn").data["id"]
    body = {"primaryObjectId": one, "objectIdToMerge": two}

    merged = connected.post(f"{CONTACTS}/merge", body).data["id"]

    assert (merged == one, merged == two) == (keeps_id, False)
    names = "firstname,city,hs_merged_object_ids,hs_additional_emails"
    for old in (one, two):
        shown = connected.get(f"{CONTACTS}/{old}", properties=names).data
        assert shown["id"] == merged
        status = connected.patch(f"{CONTACTS}/{old}", {"properties": {}}).status
        assert status == (200 if old == merged else 404)
    assert shown["properties"] == {
        "firstname": "One",
        "city": "Bonn",
        "hs_merged_object_ids": two if keeps_id else f"{one};{two}",
        "hs_additional_emails": "two@b.example",
    }


def test_links_change_without_a_date_and_can_be_taken_away(connected):
    companies = connected.get(f"{OBJECTS}/companies", limit=5).data["results"]
    company, before = (
        companies[4]["id"],
        connected.get(CONTACTS, limit=3).data["results"],
    )
    batch = {"inputs": [{"id": each["id"]} for each in before]}

    def linked():
        found = connected.post(f"{LINKS}/contacts/companies/batch/read", batch).data
        return [[to["toObjectId"] for to in each["to"]] for each in found["results"]]

    connected.order("records/relink", company=company, count=3)
    assert linked() == [[company]] * 3
    assert connected.get(CONTACTS, limit=3).data["results"] == before
    connected.order("records/relink", count=3)
    assert linked() == []


def test_an_erased_contact_is_gone_and_its_id_is_never_used_again(connected):
    made = make(connected).data
    body = {"objectId": "a@b.example", "idProperty": "email"}
    url = f"{CONTACTS}/{made['id']}"

    assert connected.post(f"{CONTACTS}/gdpr-delete", body).status == 204

    for archived in BOTH:
        assert connected.get(url, archived=archived).status == 404
    assert int(make(connected).data["id"]) > int(made["id"])


@pytest.mark.parametrize(
    ("scope", "url", "body"),
    [
        ("contacts.write", CONTACTS, {"properties": {"email": "a@b.example"}}),
        ("contacts.read", f"{CONTACTS}/search", {}),
        ("companies.read", f"{LINKS}/contacts/companies/batch/read", INPUTS),
        ("companies.read", f"{LINKS}/companies/contacts/batch/read", INPUTS),
    ],
)
def test_a_call_needs_the_scopes_of_its_types(connected, scope, url, body):
    scopes = [f"crm.objects.{scope}"]
    connected.switch("withdrawn_scopes", scopes)

    answer = connected.post(url, body).data

    assert answer["category"] == "MISSING_SCOPES"
    assert answer["errors"][0]["context"]["requiredGranularScopes"] == scopes
