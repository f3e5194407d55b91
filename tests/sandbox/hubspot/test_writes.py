"""Check what the API lets an app write."""

import pytest

OBJECTS = "/hubspot/crm/objects/2026-09"
CONTACTS, DEALS = f"{OBJECTS}/contacts", f"{OBJECTS}/deals"
LINKS, INPUTS = "/hubspot/crm/associations/2026-09", {"inputs": [{"id": "9001"}]}
BOTH, OLDER = ("false", "true"), "/hubspot/crm/objects/2026-03/contacts"


def make(client, url=CONTACTS, **properties):
    return client.post(url, {"properties": {"email": "a@b.example", **properties}})


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


def test_nothing_but_contacts_is_written(connected):
    good = {"dealname": "D", "pipeline": "default", "dealstage": "closedwon"}

    assert connected.post(DEALS, {"properties": good}).status == 404


def test_archiving_hides_a_record_and_is_no_error_twice(connected):
    url = f"{CONTACTS}/{make(connected).data['id']}"

    assert [connected.delete(url).status for _ in range(2)] == [204, 204]
    statuses = [connected.get(url, archived=archived).status for archived in BOTH]
    connected.command("records/restore", id=url.rpartition("/")[2])
    assert [*statuses, connected.get(url).status] == [404, 200, 200]


@pytest.mark.parametrize("keeps_id", [False, True])
def test_merging_makes_a_new_record_or_keeps_the_winners_id(connected, keeps_id):
    connected.switch("merge_keeps_id", keeps_id)
    one = make(connected, email="one@b.example", firstname="One").data["id"]
    two = make(connected, email="two@b.example", city="Bonn").data["id"]

    merged = connected.command("records/merge", id=one, other=two)["id"]

    assert (merged == one, merged == two) == (keeps_id, False)
    names = "firstname,city,hs_merged_object_ids,hs_additional_emails"
    for old in (one, two):
        shown = connected.get(f"{CONTACTS}/{old}", properties=names).data
        assert shown["id"] == merged
        patched = connected.patch(f"{CONTACTS}/{old}", {"properties": {}})
        assert patched.status == (200 if old == merged else 404)
    assert shown["properties"] == {
        "firstname": "One",
        "city": "Bonn",
        "hs_merged_object_ids": two if keeps_id else f"{one};{two}",
        "hs_additional_emails": "two@b.example",
    }


def test_links_change_without_a_date_and_can_be_taken_away(connected):
    companies = connected.get(f"{OBJECTS}/companies", limit=5).data["results"]
    company = companies[4]["id"]
    before = connected.get(CONTACTS, limit=3).data["results"]
    batch = {"inputs": [{"id": each["id"]} for each in before]}

    def linked():
        found = connected.post(f"{LINKS}/contacts/companies/batch/read", batch).data
        return [[to["toObjectId"] for to in each["to"]] for each in found["results"]]

    connected.command("records/relink", company=company, count=3)
    assert linked() == [[company]] * 3
    assert connected.get(CONTACTS, limit=3).data["results"] == before
    connected.command("records/relink", count=3)
    assert linked() == []


def test_an_erased_contact_is_gone_and_its_id_is_never_used_again(connected):
    made = make(connected).data
    url = f"{CONTACTS}/{made['id']}"

    connected.command("records/erase", id=made["id"])

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


def write_many(client, what, *inputs, is_traced=True):
    told = [
        {**each, **({"objectWriteTraceId": f"t{n}"} if is_traced else {})}
        for n, each in enumerate(inputs)
    ]
    return client.post(f"{CONTACTS}/batch/{what}", {"inputs": told})


def test_a_batch_of_updates_tells_of_each_record_what_became_of_it(connected):
    one, other = (make(connected, email=f"{n}@b.example").data["id"] for n in "ab")
    inputs = [
        {"id": one, "properties": {"city": "Bonn"}},
        {"id": other, "properties": {"email": "A@b.example"}},
        {"id": "404", "properties": {"city": "Bonn"}},
    ]

    mixed = write_many(connected, "update", *inputs)
    whole = write_many(connected, "update", *inputs[:2], is_traced=False)
    good = write_many(connected, "update", inputs[0], is_traced=False)

    assert (mixed.status, mixed.data["numErrors"]) == (207, 2)
    [done] = mixed.data["results"]
    assert (done["id"], done["objectWriteTraceId"]) == (one, "t0")
    told = {each["context"]["ids"][0]: each for each in mixed.data["errors"]}
    assert {key: each["category"] for key, each in told.items()} == {
        other: "CONFLICT",
        "404": "OBJECT_NOT_FOUND",
    }
    assert told[other]["context"]["objectWriteTraceId"] == ["t1"]
    assert (whole.status, whole.data["category"]) == (409, "CONFLICT")
    assert (good.status, good.data["results"][0]["properties"]["city"]) == (200, "Bonn")


def create_many(client, *addresses, is_traced=True):
    inputs = [{"properties": {"email": each}, "associations": []} for each in addresses]
    return write_many(client, "create", *inputs, is_traced=is_traced)


def test_a_batch_of_new_records_tells_of_each_by_its_trace_id(connected):
    whole = create_many(connected, "a@b.example", "A@b.example", is_traced=False)
    mixed = create_many(connected, "a@b.example", "A@b.example", "c@b.example", "d")
    good = create_many(connected, "e@b.example")

    assert (whole.status, whole.data["category"]) == (409, "CONFLICT")
    assert (mixed.status, mixed.data["numErrors"]) == (207, 2)
    made = {each["objectWriteTraceId"]: each for each in mixed.data["results"]}
    assert {key: each["properties"]["email"] for key, each in made.items()} == {
        "t0": "a@b.example",
        "t2": "c@b.example",
    }
    traces = [each["context"]["objectWriteTraceId"] for each in mixed.data["errors"]]
    assert traces == [["t1"], ["t3"]]
    assert (good.status, len(good.data["results"])) == (201, 1)
    assert create_many(connected, *map(str, range(101))).status == 400


def test_a_batch_is_archived_whatever_of_it_is_there(connected):
    made = make(connected, email="a@b.example").data["id"]
    inputs = [{"id": made}, {"id": "404"}]

    for _ in range(2):
        answer = connected.post(f"{CONTACTS}/batch/archive", {"inputs": inputs})
        assert answer.status == 204
    assert connected.get(f"{CONTACTS}/{made}").status == 404


def test_a_batch_of_updates_has_a_hundred_different_records_at_most(connected):
    record = {"id": make(connected).data["id"], "properties": {"city": "Bonn"}}

    many = [{**record, "id": str(n)} for n in range(101)]

    for inputs in ([record, record], many, [{**record, "id": "x"}]):
        assert write_many(connected, "update", *inputs).status == 400
    found = connected.get(f"{CONTACTS}/{record['id']}", properties="city").data
    assert found["properties"]["city"] is None


def test_a_rule_of_the_customers_holds_for_new_and_for_changed_contacts(connected):
    record = make(connected).data
    connected.switch("conditional_properties", "lifecyclestage=customer:phone")
    url = f"{CONTACTS}/{record['id']}"

    new = make(connected, email="c@b.example", lifecyclestage="customer")
    refused = connected.patch(url, {"properties": {"lifecyclestage": "customer"}})
    both = {"lifecyclestage": "customer", "phone": "1"}
    taken = connected.patch(url, {"properties": both})
    cleared = connected.patch(url, {"properties": {"phone": ""}})
    elsewhere = connected.patch(url, {"properties": {"city": "Bonn"}})

    told = [each.data["errors"][0] for each in (new, refused, cleared)]
    assert {each["code"] for each in told} == {"MISSING_CONDITIONAL_REQUIRED_PROPERTY"}
    assert {each["context"]["propertyName"][0] for each in told} == {"phone"}
    assert (taken.status, elsewhere.status) == (200, 200)
