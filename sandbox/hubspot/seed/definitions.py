"""Describe the properties, the pipelines and the owners that a portal has."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sandbox.core.data import load
from sandbox.hubspot.seed.accounts import BY_ID, COMPANIES, CONTACTS, DEALS, TYPES

CREATED = "2024-02-01T09:00:00Z"
DATED = {"createdAt": CREATED, "updatedAt": CREATED}
WORDS = load(__package__, "words")
# What no read or write may name without a scope of its own is not this.
PLAIN = "non_sensitive"
# A list shows these in any case.
ALWAYS = ["createdate", "hs_object_id", "lastmodifieddate", "hs_lastmodifieddate"]
# What is shown when no properties are named, beside the former.
DEFAULTS = {
    CONTACTS: ["email", "firstname", "lastname", *ALWAYS],
    COMPANIES: ["name", "domain", *ALWAYS],
    DEALS: ["dealname", "amount", "closedate", "pipeline", "dealstage", *ALWAYS],
}
_LISTED = load(__package__, "properties")
# One property as its endpoint shows it.
Definition = dict[str, Any]


def _make_definition(type_name: str, row: dict[str, Any]) -> Definition:
    options = [
        {"label": label, "value": value, "displayOrder": i, "hidden": False}
        for i, (value, label) in enumerate(row.get("options", ()))
    ]
    made = {**_LISTED["usual"], **row, "options": options}
    made["groupName"] = f"{type_name}information"
    made["modificationMetadata"] = {
        "archivable": not made["hubspotDefined"],
        "readOnlyDefinition": made["hubspotDefined"],
        "readOnlyValue": made.pop("readOnly", False),
    }
    return made


PROPERTIES = {
    key: [_make_definition(name, row) for row in _LISTED[key] + _LISTED["shared"]]
    for key, name in TYPES.items()
}


# Types and field types of those that are not listed, and what their values are.
MADE_UP = (
    ("string", "text", "As agreed"),
    ("number", "number", "12.5"),
    ("bool", "booleancheckbox", "true"),
    ("datetime", "date", CREATED),
    ("enumeration", "select", "yes"),
)


def make_up(number: int) -> tuple[dict[str, Any], str]:
    """Return a property that nobody listed, and the value that some records have."""
    kind, field, value = MADE_UP[number % len(MADE_UP)]
    name, label = f"custom_{kind}_{number:03}", f"Custom {kind} {number}"
    row: dict[str, Any] = {"name": name, "label": label}
    row |= {"type": kind, "fieldType": field, "hubspotDefined": False}
    options = [("yes", "Yes"), ("no", "No")] if kind == "enumeration" else []
    return {**row, "options": options}, value


@cache
def list_definitions(type_id: str, count: int = 0) -> list[Definition]:
    """Return the definitions of a type, made up to as many as there should be."""
    listed = PROPERTIES[type_id]
    rows = (make_up(number)[0] for number in range(count - len(listed)))
    return [*listed, *(_make_definition(TYPES[type_id], row) for row in rows)]


@cache
def get_definitions(type_id: str, count: int = 0) -> dict[str, Definition]:
    known = list_definitions(type_id, count)
    return {d["name"]: d for d in known if not d["archived"]}


def get_options(definition: Definition) -> list[str]:
    return [option["value"] for option in definition["options"]]


def choose_properties(
    known: Mapping[str, Definition], asked: Iterable[str]
) -> list[str]:
    """Return the names that are defined and need no scope of their own."""
    wanted = {name.strip() for name in asked} & known.keys()
    return sorted(name for name in wanted if known[name]["dataSensitivity"] == PLAIN)


PIPELINES = [
    {**row, **DATED, "stages": [{**stage, **DATED} for stage in row["stages"]]}
    for row in load(__package__, "pipelines")
]


@cache
def get_owners(portal_id: str) -> list[dict[str, Any]]:
    """Return one queue, active users, and one in twenty more deactivated, by id.

    The people who can sign in are the first of the users: whoever sees the records of
    a portal mostly owns some of them.
    """
    portal, names = BY_ID[portal_id], (WORDS["firstname"], WORDS["lastname"])
    queue = {"id": "300099", "type": "QUEUE", "firstName": "Inbound", **DATED}
    found = [{**queue, "archived": False}]
    for number in range(portal.owners + portal.owners // 20 + 1):
        first, last = (words[number * 7 % len(words)] for words in names)
        email, user_id = f"owner{number}@{portal.domain}", 8_000 + number
        if number < len(portal.people):
            person = portal.people[number]
            first, _, last = person.name.partition(" ")
            email, user_id = person.email, int(person.id)
        is_active = number < portal.owners
        owner = {
            "id": str(300_100 + number * 3),
            "type": "PERSON",
            "firstName": first,
            "lastName": last,
            "email": email,
            "userIdIncludingInactive": user_id,
            "archived": not is_active,
            **DATED,
        }
        found.append(owner | ({"userId": user_id} if is_active else {}))
    return found
