"""HubSpot's connector writes contacts as its API takes them, and reads refusals."""

import json

import pytest
from msgspec.structs import asdict

from integrations.http.errors import (
    AlreadyExists,
    ApiError,
    InvalidResponse,
    ValuesRefused,
)
from integrations.http.sending.transport import Response
from integrations.providers import CONNECTORS
from integrations.providers.hubspot.api.classify import classify
from integrations.providers.records import FieldSpec
from integrations.providers.writing import Input, Refusal, WritableField
from tests.providers.scenario import Scenario

HUBSPOT = CONNECTORS["hubspot"]


def answer(status: int, **body: object) -> ApiError | None:
    whole = {"status": "error", "message": "no", "correlationId": "c-1", **body}
    return classify(
        Response(status=status, headers={}, body=json.dumps(whole).encode())
    )


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("PROPERTY_DOESNT_EXIST", Refusal.UNKNOWN_FIELD),
        ("READ_ONLY_VALUE", Refusal.READ_ONLY),
        ("INVALID_OPTION", Refusal.INVALID_OPTION),
        ("INVALID_EMAIL", Refusal.INVALID_EMAIL),
        ("MISSING_CONDITIONAL_REQUIRED_PROPERTY", Refusal.REQUIRED),
        ("SOMETHING_NEW", Refusal.INVALID),
        (None, Refusal.INVALID),
    ],
)
def test_a_refused_value_is_told_by_name_and_code(code, refusal):
    entry = {"message": "bad", "context": {"propertyName": ["city", "zip"]}}
    error = answer(400, errors=[entry if code is None else {**entry, "code": code}])

    assert isinstance(error, ValuesRefused)
    told = [(value.name, value.code) for value in error.values]
    assert told == [("city", refusal), ("zip", refusal)]


def test_refused_values_are_read_from_the_message_where_no_list_tells_them():
    listed = [{"isValid": False, "message": "x", "error": "INVALID_DATE", "name": "d"}]
    error = answer(400, message=f"Property values were not valid: {json.dumps(listed)}")

    assert isinstance(error, ValuesRefused)
    assert [(v.name, v.code) for v in error.values] == [("d", Refusal.INVALID_DATE)]


@pytest.mark.parametrize(
    "errors", ["x", [1], [{"context": 3}], [{"context": {}}], None]
)
def test_an_odd_refusal_is_a_refusal_all_the_same(errors):
    error = answer(400, errors=errors)

    assert error is not None
    assert error.status == 400
    assert not isinstance(error, ValuesRefused)


@pytest.mark.parametrize(
    ("message", "remote_id"),
    [("Contact already exists. Existing ID: 12345", "12345"), ("Conflict.", "")],
)
def test_a_conflict_names_the_record_that_is_there_if_it_can(message, remote_id):
    error = answer(409, category="CONFLICT", message=message)

    assert isinstance(error, AlreadyExists)
    assert error.remote_id == remote_id


@pytest.mark.parametrize(
    ("kind", "one", "other", "is_same"),
    [
        (Input.EMAIL, "A@b.example", "a@B.example", True),
        (Input.TEXT, "A", "a", False),
        (Input.TEXT, None, "", True),
        (Input.NUMBER, "1.50", "1.5", True),
        (Input.NUMBER, "many", "1", False),
        (Input.DATE, "2026-11-22", "1795305600000", True),
        (Input.DATETIME, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000Z", True),
        (Input.DATETIME, "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z", False),
        (Input.CHOICES, "a;b", "b;a", True),
        (Input.CHOICES, "a;b", "a", False),
    ],
)
def test_values_are_the_same_however_they_are_written(kind, one, other, is_same):
    field = WritableField(name="x", label="X", input=kind)

    assert HUBSPOT.is_same(field, one, other) is is_same


@pytest.mark.parametrize(
    ("kind", "raw", "shown"),
    [
        (Input.CHOICES, "a;b", ("a", "b")),
        (Input.CHOICES, None, ()),
        (Input.DATE, "1795305600000", "2026-11-22"),
        (Input.DATETIME, "2026-11-22T10:00:00.500Z", "2026-11-22T10:00:00.500000Z"),
        (Input.BOOLEAN, "TRUE", "true"),
        (Input.NUMBER, "12.50", "12.50"),
        (Input.DATE, "soon", "soon"),
    ],
)
def test_a_form_shows_a_value_so_that_it_comes_back_the_same(kind, raw, shown):
    field = WritableField(name="x", label="X", input=kind)

    assert HUBSPOT.to_form(field, raw) == shown
    assert HUBSPOT.is_same(field, HUBSPOT.from_form(field, shown), raw)


# The versions of one property, as they are told; ours is written over "0".
HISTORIES = {
    "an equal number": ("number", "1.0", [("1.0", 3), ("1", 2), ("0", 1)], None),
    "the same choices": ("choices", "a;b", [("a;b", 3), ("b;a", 2), ("0", 1)], None),
    "the same time": (
        "datetime",
        "2026-11-22T10:00:00Z",
        [("2026-11-22T10:00:00Z", 3), ("2026-11-22T10:00:00.000Z", 2), ("0", 1)],
        None,
    ),
    "something else first": ("number", "1", [("1", 4), ("1.0", 3), ("7", 2)], "7"),
    "another order": ("text", "ours", [("0", 1), ("theirs", 2), ("ours", 3)], "theirs"),
    "what was there": ("text", "ours", [("ours", 3), ("0", 1)], None),
    "nothing of ours": ("text", "ours", [("theirs", 3), ("0", 1)], None),
}


def told_at(second: int, *, is_precise: bool) -> str:
    """Return a time as HubSpot writes it: a zero of milliseconds is left out."""
    if is_precise:
        return f"2026-11-22T10:00:00.{second}00Z"
    return f"2026-11-22T10:00:0{second}Z"


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("is_precise", [False, True])
def test_what_a_write_replaced_is_told_by_meaning_and_time(
    hubspot: Scenario, name: str, *, is_precise: bool
) -> None:
    kind, sent, versions, replaced = HISTORIES[name]
    history = [
        {"value": value, "timestamp": told_at(second, is_precise=is_precise)}
        for value, second in versions
    ]
    row = {"id": "9001", "propertiesWithHistory": {"x": history}}
    answer = {"status": "COMPLETE", "results": [row]}
    hubspot.transport.on("POST /crm/objects/2026-09/contacts/batch/read", answer)
    fields = [asdict(FieldSpec(name="x", label="X", kind=kind))]
    context = hubspot.context(remote_id="contacts", schema={"fields": fields})

    found = hubspot.connector.fetch_overwritten(
        hubspot.api, context, {"9001": {"x": sent}}, {"9001": {"x": "0"}}
    )

    assert found == ({"9001": {"x": replaced}} if replaced else {})


def test_the_latest_version_is_the_latest_by_its_time(hubspot: Scenario) -> None:
    history = [
        {"value": "theirs", "timestamp": "2026-11-22T10:00:00Z"},
        {"value": "ours", "timestamp": "2026-11-22T10:00:00.250Z"},
        {"value": "0", "timestamp": "1795341599000"},
    ]
    row = {"id": "9001", "propertiesWithHistory": {"x": history}}
    answer = {"status": "COMPLETE", "results": [row]}
    hubspot.transport.on("POST /crm/objects/2026-09/contacts/batch/read", answer)
    fields = [asdict(FieldSpec(name="x", label="X"))]
    context = hubspot.context(remote_id="contacts", schema={"fields": fields})

    found = hubspot.connector.fetch_overwritten(
        hubspot.api, context, {"9001": {"x": "ours"}}, {"9001": {"x": "0"}}
    )

    assert found == {"9001": {"x": "theirs"}}


def test_new_contacts_are_told_apart_by_their_addresses_without_trace_ids(
    hubspot: Scenario,
) -> None:
    rows = [
        {"id": "2", "properties": {"email": "two@example.com"}},
        {"id": "1", "properties": {"email": "one@example.com"}},
        {"id": "3", "properties": {"email": "other@example.com"}},
    ]
    answer = {"status": "COMPLETE", "results": rows}
    hubspot.transport.on("POST /crm/objects/2026-09/contacts/batch/create", answer)
    new = {"a": {"email": "One@example.com"}, "b": {"email": "two@example.com"}}

    told = hubspot.connector.create_many(
        hubspot.api, hubspot.context(remote_id="contacts"), new
    )

    assert {k: each.remote_id for k, each in told.written.items()} == {
        "a": "1",
        "b": "2",
    }


def test_a_success_that_tells_something_has_archived_nothing(
    hubspot: Scenario,
) -> None:
    path = "/crm/objects/2026-09/contacts"
    hubspot.transport.on(f"POST {path}/batch/archive", {})
    hubspot.transport.on(f"DELETE {path}/1", {})
    contacts = hubspot.context(remote_id="contacts")

    with pytest.raises(InvalidResponse):
        hubspot.connector.archive_many(hubspot.api, contacts, ["1"])
    with pytest.raises(InvalidResponse):
        hubspot.connector.archive(hubspot.api, contacts, "1")
