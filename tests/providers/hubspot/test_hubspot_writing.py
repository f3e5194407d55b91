"""HubSpot's connector writes contacts as its API takes them, and reads refusals."""

import json

import pytest

from integrations.http.errors import AlreadyExists, ApiError, ValuesRefused
from integrations.http.transport import Response
from integrations.providers import CONNECTORS
from integrations.providers.hubspot.api.classify import classify
from integrations.providers.writing import Input, Refusal, WritableField

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
