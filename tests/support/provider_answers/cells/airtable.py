"""Airtable's fields and cells, by https://airtable.com/developers/web/api/field-model."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.support.provider_answers.cells.common import (
    ANEW,
    ANYTHING,
    DAYS,
    LEFT_OUT,
    MANY,
    MOMENTS,
    NUMBERS,
    TEXTS,
    UNKNOWN,
    UNTOLD,
    USERS,
    Cells,
    Column,
    choice,
    choices,
    day,
    in_utc,
    like_number,
    lists,
    moment_of,
    number_of,
    one,
    options_of,
    pairs,
    some,
    text_of,
)

BIG = 10**24
TIMES = MOMENTS.map(lambda at: f"{in_utc(at)}.000Z")
PEOPLE = USERS.map(
    lambda n: {"id": f"usr{n:014}", "email": "a@example.org", "name": "A"}
)
FILES = st.builds(
    lambda n, name: {
        "id": f"att{n:014}",
        "url": f"https://v5.airtableusercontent.com/v3/u/{ANEW}/{n}",
        "filename": f"{name}.png",
        "size": n,
        "type": "image/png",
        "thumbnails": {"small": {"url": f"https://dl.airtable.com/{ANEW}/s{n}"}},
    },
    st.integers(1, 9),
    TEXTS,
)
FAILED = st.sampled_from(
    ({"error": "#ERROR!"}, {"specialValue": "NaN"}, {"specialValue": "Infinity"})
)
NUMERIC = ("number", "currency", "percent", "duration")
WITH_OPTIONS = ("singleSelect", "multipleSelects")
DEFINED = (
    *("count", "aiText", "formula/number", "formula/checkbox", "rollup/currency"),
    *("multipleLookupValues/number", "multipleLookupValues/singleSelect"),
)


def _user(value: Any) -> Any:
    return ("user", value["id"])


def _file(value: Any) -> Any:
    return ("file", value["filename"])


def _money(value: Any) -> Any:
    return (*like_number("money")(value), "€")


def _result(value: Any) -> Any:
    """Return what is shown of a formula's result, which may have failed."""
    if isinstance(value, dict):
        return UNTOLD
    return number_of(value) if abs(value) < BIG else text_of(str(value))


def _generated(value: Any) -> Any:
    """Return what is shown of a text that a model writes."""
    if value["state"] == "empty":
        return None
    text, is_old = value["value"], value["state"] != "generated"
    told = text_of(text) if text else None
    if not is_old:
        return told
    return (told, UNTOLD) if told else UNTOLD


GENERATED = st.builds(
    lambda state, text: {
        "state": state,
        "isStale": False,
        "value": text,
        **({"errorType": "emptyDependency"} if state == "error" else {}),
    },
    st.sampled_from(("generated", "loading", "error")),
    st.one_of(st.none(), TEXTS),
).filter(lambda told: told["state"] != "generated" or told["value"])

CELLS: Mapping[str, Cells] = {
    "singleLineText": pairs(TEXTS, text_of),
    "multilineText": pairs(TEXTS, text_of),
    "number": pairs(NUMBERS, number_of),
    "currency": pairs(NUMBERS, _money),
    "percent": pairs(NUMBERS, like_number("percent")),
    "duration": pairs(st.integers(0, 10**6), like_number("seconds")),
    "rating": pairs(st.integers(1, 5), number_of),
    "autoNumber": pairs(st.integers(1, 10**7), number_of),
    "count": pairs(st.integers(0, 10**4), number_of),
    "checkbox": pairs(
        st.sampled_from((True, LEFT_OUT)), lambda tick: ("yes", tick is True)
    ),
    "singleSelect": lambda column: one(column).map(lambda o: (o, choice(o))),
    "multipleSelects": lambda column: some(column, least=1).map(
        lambda told: (told, choices(told))
    ),
    "externalSyncSource": pairs(
        TEXTS.map(lambda t: {"id": "selZZZZZZZZZZZZZZ", "name": t, "color": "red"}),
        lambda told: choice(told["name"]),
    ),
    "date": pairs(DAYS.map(str), day),
    "dateTime": pairs(TIMES, moment_of),
    "createdTime": pairs(TIMES, moment_of),
    "lastModifiedTime": pairs(TIMES, moment_of),
    "email": pairs(TEXTS.map(lambda t: f"{t}@example.org"), lambda t: ("email", t)),
    "phoneNumber": pairs(TEXTS, lambda t: ("phone", t)),
    "url": pairs(
        TEXTS.map(lambda t: f"https://a.example/{t}"), lambda t: ("link", t, "")
    ),
    "multipleRecordLinks": pairs(
        MANY.map(lambda ns: [f"rec{n:014}" for n in ns] or LEFT_OUT),
        lambda ids: None if ids is LEFT_OUT else ("items", tuple(ids), False),
    ),
    "multipleAttachments": lists(FILES, _file),
    "singleCollaborator": pairs(PEOPLE, _user),
    "multipleCollaborators": lists(PEOPLE, _user),
    "createdBy": pairs(PEOPLE, _user),
    "lastModifiedBy": pairs(PEOPLE, _user),
    "barcode": pairs(
        TEXTS.map(lambda t: {"text": t, "type": "upce"}), lambda t: text_of(t["text"])
    ),
    "button": pairs(
        TEXTS.map(lambda t: {"label": t, "url": "https://b.example/?a=1"}),
        lambda told: ("link", told["url"], told["label"]),
    ),
    "aiText": pairs(GENERATED, _generated),
    "formula/number": pairs(
        st.one_of(NUMBERS, FAILED, st.sampled_from((10**30, -(10**38)))), _result
    ),
    "formula/singleLineText": pairs(TEXTS, text_of),
    "formula/checkbox": pairs(st.booleans(), lambda value: ("yes", value)),
    "formula/dateTime": pairs(TIMES, moment_of),
    "rollup/currency": pairs(NUMBERS, _money),
    "rollup/date": pairs(DAYS.map(str), day),
    "multipleLookupValues/number": lists(NUMBERS, number_of),
    "multipleLookupValues/singleSelect": lists(TEXTS, choice),
    "multipleLookupValues/date": lists(DAYS.map(str), day),
    "multipleLookupValues/multipleAttachments": lists(FILES, _file),
    "multipleLookupValues/checkbox": lists(st.booleans(), lambda v: ("yes", v)),
    "multipleLookupValues/singleCollaborator": lists(PEOPLE, _user),
    "zebra": pairs(UNKNOWN, lambda value: ANYTHING),
}


def to_field(column: Column) -> Any:
    """Return a field as Airtable describes it."""
    told: Any = {"id": column.id, "name": column.name, "type": column.kind}
    told["options"] = _options(column.kind, column)
    if column.result:
        result = {"type": column.result, "options": _options(column.result, column)}
        told["options"] = {"isValid": True, "result": result}
    told["options"] |= _definition(column)
    return told


def _definition(column: Column) -> Any:
    """Return what a computed field says of how its values come about."""
    other, number = f"fldYYYYYYYYYY{column.definition:04}", column.definition
    lookup = {"recordLinkFieldId": "fldAAAAAAAAAAlink", "fieldIdInLinkedTable": other}
    told: Mapping[str, Any] = {
        "aiText": {"prompt": ["Say ", {"field": {"fieldId": other}}, f" {number}"]},
        "count": {"recordLinkFieldId": other},
        "formula": {"formula": f"{{{other}}}+1", "referencedFieldIds": [other]},
        "rollup": {**lookup, "referencedFieldIds": [other]},
        "multipleLookupValues": lookup,
    }
    return told.get(column.kind, {})


def _options(kind: str, column: Column) -> Any:
    if kind in WITH_OPTIONS:
        return {"choices": options_of(column)}
    if kind in NUMERIC:
        return {"precision": 4, "symbol": "€", "durationFormat": "h:mm:ss"}
    if kind == "multipleRecordLinks":
        return {"linkedTableId": "tblAAAAAAAAAAAAA2"}
    return {}
