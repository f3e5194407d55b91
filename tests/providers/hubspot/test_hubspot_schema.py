"""Labels, look-ups, and the choice of properties to ask for."""

import json

import pytest

from integrations.http.errors import (
    InvalidResponse,
    RateLimited,
    Unauthorized,
)
from integrations.providers.hubspot.listing.schema import (
    fits_address,
    select_properties,
)
from integrations.providers.hubspot.objects import CONTACTS
from integrations.providers.records import FieldSpec

REFUSED = {"status": "error", "message": "refused"}


def test_every_visible_property_is_asked_for_important_ones_first(hubspot):
    fields = [FieldSpec(name=f"custom_property_{n}", label="x") for n in range(1000)]

    chosen = select_properties(fields, CONTACTS)

    assert chosen[:3] == ["firstname", "lastname", "email"]
    assert "lastmodifieddate" in chosen
    assert {spec.name for spec in fields} <= set(chosen)
    assert len(chosen) == len(set(chosen))


@pytest.mark.parametrize(("length", "fits"), [(5997, True), (5998, False)])
def test_six_kilobytes_of_names_fit_into_an_address(length, fits):
    assert fits_address(["x" * length]) is fits


def test_hidden_properties_are_not_asked_for_and_calculated_ones_come_last(hubspot):
    fields = [
        FieldSpec(name="score", label="Score", is_read_only=True),
        FieldSpec(name="secret", label="Secret", is_hidden=True),
        FieldSpec(name="with,comma", label="Odd"),
        FieldSpec(name="mood", label="Mood"),
    ]

    chosen = select_properties(fields, CONTACTS)

    assert chosen[-2:] == ["mood", "score"]
    assert "secret" not in chosen
    assert "with,comma" not in chosen


def test_a_deals_schema_names_pipelines_stages_and_owners(hubspot):
    hubspot.play(
        {
            "GET /crm/properties/2026-09/deals": ["properties_deals"],
            "GET /crm/pipelines/2026-09/deals": ["pipelines_deals"],
            "GET /crm/owners/2026-09": ["owners", "owners_archived"],
        }
    )

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(remote_id="deals")
    )

    assert schema["lookups"] == {
        "pipeline": {"default": "Sales Pipeline"},
        "stage": {
            "appointmentscheduled": "Appointment Scheduled",
            "98811": "Closed won",
        },
        "owner": {
            "39": "Bo (deactivated)",
            "41": "Ana Marín",
            "42": "queue@example.com",
        },
        "owner_email": {
            "39": "bo@example.com",
            "41": "ana@example.com",
            "42": "queue@example.com",
        },
    }


def test_without_permission_owners_have_no_names_and_nothing_else_is_lost(hubspot):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    hubspot.transport.on(
        "GET /crm/owners/2026-09", hubspot.load("error_missing_scopes"), status=403
    )

    schema = hubspot.connector.fetch_schema(hubspot.api, hubspot.context())

    assert schema["lookups"] == {"owner": {}}
    assert schema["fields"][0]["name"] == "firstname"


@pytest.mark.parametrize(
    ("body", "status"), [(REFUSED, 400), (REFUSED, 404), (REFUSED, 414), ({}, 200)]
)
def test_labels_that_cannot_be_read_cost_the_names_only(hubspot, body, status):
    hubspot.play({"GET /crm/properties/2026-09/deals": ["properties_deals"]})
    for route in ("GET /crm/pipelines/2026-09/deals", "GET /crm/owners/2026-09"):
        hubspot.transport.on(route, body, status=status)

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(remote_id="deals")
    )

    assert schema["lookups"] == {"owner": {}}
    assert schema["fields"]


@pytest.mark.parametrize(("status", "error"), [(401, Unauthorized), (429, RateLimited)])
def test_labels_behind_a_limit_or_a_dead_token_are_waited_for(hubspot, status, error):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    hubspot.transport.on("GET /crm/owners/2026-09", REFUSED, status=status)

    with pytest.raises(error):
        hubspot.connector.fetch_schema(hubspot.api, hubspot.context())


@pytest.mark.parametrize(
    ("status", "asks_again"), [(400, False), (403, False), (503, True)]
)
def test_owners_who_left_cost_nobody_elses_name(hubspot, status, asks_again):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    hubspot.play({"GET /crm/owners/2026-09": ["owners"]})
    for _ in range(2):
        hubspot.transport.on("GET /crm/owners/2026-09", REFUSED, status=status)

    schema = hubspot.connector.fetch_schema(hubspot.api, hubspot.context())

    names = {"41": "Ana Marín", "42": "queue@example.com"}
    assert schema["lookups"]["owner"] == names
    assert schema["refused"] == ["archived_owners"]
    assert schema["ask_again"] is asks_again


def test_owners_are_not_asked_for_without_their_scope(hubspot):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    account = {**hubspot.script["account"], "scopes": ["crm.objects.contacts.read"]}

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(account=account)
    )

    assert schema["lookups"] == {}


def test_a_schema_is_bounded(hubspot):
    entry = {"name": "x", "label": "X" * 999, "options": [{"value": "v", "label": "L"}]}
    many = [{**entry, "name": f"p{n}"} for n in range(4000)]
    hubspot.transport.on("GET /crm/properties/2026-09/contacts", {"results": many})
    account = {**hubspot.script["account"], "scopes": []}

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(account=account)
    )

    assert len(schema["fields"]) == 3000
    assert len(json.dumps(schema)) < 2_000_000


def told(hubspot, remote_id, known, **answers):
    """Return the schema that these answers make of a known one."""
    for route, body in {
        f"properties/2026-09/{remote_id}": hubspot.load(f"properties_{remote_id}"),
        "pipelines/2026-09/deals": hubspot.load("pipelines_deals"),
    }.items():
        hubspot.transport.on(
            f"GET /crm/{route}", answers.get(route.partition("/")[0], body)
        )
    for name in ("owners", "owners_archived"):
        body = answers.get("owners", hubspot.load(name))
        hubspot.transport.on("GET /crm/owners/2026-09", body)
    context = hubspot.context(remote_id=remote_id, schema=known)
    return hubspot.connector.fetch_schema(hubspot.api, context)


@pytest.mark.parametrize(
    "kept", [[], ["crm_key"], ["firstname", "lastname", "email", "hs_object_id"]]
)
def test_properties_that_are_always_there_do_not_vanish(hubspot, kept):
    known = told(hubspot, "contacts", {})
    listed = hubspot.load("properties_contacts")["results"]
    few = {"results": [each for each in listed if each["name"] in kept]}

    with pytest.raises(InvalidResponse):
        told(hubspot, "contacts", known, properties=few)


def test_a_first_schema_without_properties_is_none(hubspot):
    with pytest.raises(InvalidResponse):
        told(hubspot, "contacts", {}, properties={"results": []})


@pytest.mark.parametrize(
    "answers",
    [
        {"pipelines": {"results": []}},
        {"pipelines": {"results": [{"id": "default", "label": "P", "stages": []}]}},
        {"owners": {"results": []}},
        {"pipelines": {}, "owners": {"results": 7}},
    ],
)
def test_names_that_cannot_be_gone_are_kept_and_asked_for_again(hubspot, answers):
    known = told(hubspot, "deals", {})

    schema = told(hubspot, "deals", known, **answers)

    assert schema == {**known, "ask_again": True, "refused": [*answers]}
    assert not known["ask_again"]


def test_a_stage_and_an_option_that_were_removed_keep_their_names(hubspot):
    known = told(hubspot, "deals", {})
    pipeline = {"id": "default", "label": "New"}
    stage = {"id": "98811", "label": "Won"}

    schema = told(
        hubspot, "deals", known, pipelines={"results": [pipeline | {"stages": [stage]}]}
    )

    assert schema["lookups"]["pipeline"] == {"default": "New"}
    assert schema["lookups"]["stage"] == {
        "appointmentscheduled": "Appointment Scheduled",
        "98811": "Won",
    }


def test_an_option_that_was_removed_keeps_its_label(hubspot):
    known = told(hubspot, "contacts", {})
    listed = hubspot.load("properties_contacts")
    (stages,) = (p for p in listed["results"] if p["name"] == "lifecyclestage")
    before = {each["value"]: each["label"] for each in stages["options"]}
    stages["options"] = [{"value": "new", "label": "New", "hidden": False}]

    schema = told(hubspot, "contacts", known, properties=listed)

    (spec,) = (f for f in schema["fields"] if f["name"] == "lifecyclestage")
    assert spec["options"] == {**before, "new": "New"}


def test_owners_are_asked_for_five_hundred_at_a_time(hubspot):
    told(hubspot, "contacts", {})

    sizes = [r.url for r in hubspot.transport.requests if "/crm/owners/" in r.url]
    assert all("limit=500" in url for url in sizes)
    assert len(sizes) == 2


def test_owners_and_stages_of_one_name_are_told_apart(hubspot):
    pipelines = [
        {"id": key, "label": label, "stages": [{"id": f"{key}1", "label": "Won"}]}
        for key, label in (("a", "Sales"), ("b", "Partners"))
    ]
    ana = {"firstName": "Ana", "lastName": "Marín"}
    owners = [ana | {"id": "1", "email": "a@x.test"}, ana | {"id": "2"}]

    schema = told(
        hubspot,
        "deals",
        {},
        pipelines={"results": pipelines},
        owners={"results": owners},
    )

    assert schema["lookups"]["stage"] == {"a1": "Won (Sales)", "b1": "Won (Partners)"}
    assert schema["lookups"]["owner"] == {"1": "Ana Marín (a@x.test)", "2": "Ana Marín"}


@pytest.mark.parametrize(("pages", "told"), [(50, []), (51, ["more_owners"])])
def test_owners_beyond_those_that_are_read_are_told(hubspot, pages, told):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    route, left = "GET /crm/owners/2026-09", hubspot.load("owners_archived")
    for page in range(pages):
        more = {"paging": {"next": {"after": f"{page}"}}} if page < pages - 1 else {}
        owner = {"id": f"10{page}", "firstName": "Ana", "email": f"a{page}@example.com"}
        if page < 50:
            hubspot.transport.on(route, {"results": [owner], **more})
    hubspot.transport.on(route, left)

    schema = hubspot.connector.fetch_schema(hubspot.api, hubspot.context())

    assert len(schema["lookups"]["owner"]) == 51
    assert schema["refused"] == told


@pytest.mark.parametrize("beyond", [0, 1])
def test_fields_beyond_those_that_are_kept_are_told(hubspot, beyond):
    answer = hubspot.load("properties_contacts")
    lacking = 3000 + beyond - len(answer["results"])
    answer["results"] += [
        {"name": f"p{n}", "label": f"P{n}", "type": "string"} for n in range(lacking)
    ]
    hubspot.transport.on("GET /crm/properties/2026-09/contacts", answer)
    hubspot.play({"GET /crm/owners/2026-09": ["owners", "owners_archived"]})

    schema = hubspot.connector.fetch_schema(hubspot.api, hubspot.context())

    assert len(schema["fields"]) == 3000
    assert schema["refused"] == ["more_fields"] * beyond


def test_options_and_stages_are_in_the_order_that_is_shown_at_hubspot(hubspot):
    known = told(hubspot, "deals", {})
    stages = [
        {"id": f"s{place}", "label": f"Stage {place}", "displayOrder": place}
        for place in (2, -1, 0, 1)
    ]
    pipelines = [
        {
            "id": "b",
            "label": "B",
            "displayOrder": 1,
            "stages": [{**stages[0], "id": "z"}],
        },
        {"id": "a", "label": "A", "displayOrder": 0, "stages": stages},
    ]

    schema = told(hubspot, "deals", known, pipelines={"results": pipelines})

    former = list(known["lookups"]["stage"])
    assert [*schema["lookups"]["stage"]] == ["s0", "s1", "s2", "s-1", "z", *former]
    assert [*schema["lookups"]["pipeline"]][:2] == ["a", "b"]


def test_options_that_are_gone_come_behind_those_that_are_shown(hubspot):
    known = told(hubspot, "contacts", {})
    listed = hubspot.load("properties_contacts")
    (told_of,) = (p for p in listed["results"] if p["name"] == "lifecyclestage")
    before = [each["value"] for each in told_of["options"]]
    told_of["options"] = [
        {"value": value, "label": value, "displayOrder": place}
        for value, place in (("last", -1), ("second", 1), (before[-1], 0))
    ]

    schema = told(hubspot, "contacts", known, properties=listed)

    (spec,) = (f for f in schema["fields"] if f["name"] == "lifecyclestage")
    assert [*spec["options"]] == [before[-1], "second", "last", *before[:-1]]
