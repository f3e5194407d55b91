"""Check the values of a write, as strictly as HubSpot does."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.core.storage import Row
from sandbox.core.times import DAY_MS, to_date, to_ms, to_short_iso
from sandbox.hubspot.api.calls import Call
from sandbox.hubspot.api.errors import ApiRefusal
from sandbox.hubspot.api.records import SLUG, UNIQUE
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS
from sandbox.hubspot.seed.definitions import (
    PIPELINES,
    PLAIN,
    Definition,
    get_definitions,
    get_options,
    get_owners,
    is_read_only,
)

# What a text must look like, by type, and the code of the refusal otherwise.
PATTERNS = {
    "number": r"-?\d+(\.\d+)?",
    "bool": "true|false",
    "email": r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+",
}
CODES = {
    "number": "INVALID_INTEGER",
    "bool": "INVALID_OPTION",
    "email": "INVALID_EMAIL",
    "enumeration": "INVALID_OPTION",
    "date": "INVALID_DATE",
    "datetime": "INVALID_LONG",
}
# What a new record cannot do without: one out of each group.
MINIMUM: dict[str, list[tuple[str, ...]]] = {
    CONTACTS: [("email", "firstname", "lastname")],
    COMPANIES: [("name", "domain")],
    DEALS: [("dealname",), ("dealstage",), ("pipeline",)],
}
STAGES = get_options(get_definitions(CONTACTS)["lifecyclestage"])
STAGES_OF = {p["id"]: {stage["id"] for stage in p["stages"]} for p in PIPELINES}


def read_time(text: str) -> int:
    """Read a time written as ISO text or as epoch milliseconds."""
    moment = int(text) if text.lstrip("-").isdigit() else to_ms(text)
    if moment is None:
        raise ValueError(f"{text} is no time")
    return moment


def _match(kind: str, text: str) -> str:
    if kind in PATTERNS and not re.fullmatch(PATTERNS[kind], text):
        raise ValueError(f"{text} is no {kind}")
    return text


@dataclass(kw_only=True)
class Write:
    """What a write comes to, checked against definitions and the record so far."""

    call: Call
    old: Mapping[str, str]
    values: dict[str, str | None] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def blame(self, name: str, code: str, message: str) -> None:
        """Add one value that cannot be stored."""
        context = {"propertyName": [name]}
        self.problems.append({"message": message, "code": code, "context": context})

    def check(self, given: Mapping[str, Any]) -> None:
        known = get_definitions(self.call.type)
        for name, value in given.items():
            definition = known.get(name)
            if definition is None or definition["dataSensitivity"] != PLAIN:
                message = f'Property "{name}" does not exist'
                self.blame(name, "PROPERTY_DOESNT_EXIST", message)
            elif is_read_only(definition):
                message = f'"{name}" is a read only property; its value cannot be set.'
                self.blame(name, "READ_ONLY_VALUE", message)
            elif isinstance(value, (str, int, float)):
                text = str(value).lower() if isinstance(value, bool) else str(value)
                self._check_text(definition, text)
            else:
                message = f"{json.dumps(value)} was not a valid value"
                self.blame(name, "INVALID_VALUE", message)
        self._check_stage()

    def check_minimum(self, given: Mapping[str, Any]) -> None:
        """Check a new record for what its type and the customer's rules ask for."""
        call = self.call
        groups = list(MINIMUM[call.type])
        if call.type == CONTACTS and call.enforces_rules:
            names = call.sandbox.switches.get(SLUG, "required_properties", call.portal)
            groups += [(name,) for name in names]
        for group in groups:
            if not any(given.get(name) for name in group):
                message = f'Property "{group[0]}" is required to create this record'
                self.blame(group[0], "MISSING_REQUIRED_PROPERTY", message)

    def _check_text(self, definition: Definition, text: str) -> None:
        name = definition["name"]
        kind = "email" if name == "email" else definition["type"]
        readers = {
            "date": self._read_date,
            "datetime": lambda _, text: to_short_iso(read_time(text)),
            "enumeration": self._read_option,
        }
        read = readers.get(kind, lambda _, text: _match(kind, text))
        try:
            self.values[name] = read(definition, text) if text else None
        except ValueError:
            message = f"{text} was not a valid {kind} for {name}"
            self.blame(name, CODES[kind], message)

    def _read_date(self, definition: Definition, text: str) -> str:
        """Return a day; the newer rules cut a time of day off, the older refuse it."""
        moment = read_time(text)
        day = to_date(moment)
        if moment % DAY_MS:
            if not self.call.enforces_rules:
                raise ValueError("not midnight")
            context = {"propertyName": definition["name"], "rawValue": text}
            context["normalizedValue"] = day
            warning = {"category": "PROPERTY_VALUE_NORMALIZED", "context": context}
            self.warnings.append(warning)
        return day

    def _read_option(self, definition: Definition, text: str) -> str:
        name, is_many = definition["name"], definition["fieldType"] == "checkbox"
        chosen = [part for part in text.split(";") if part] if is_many else [text]
        allowed = self._get_options(definition)
        if allowed and not allowed.issuperset(chosen):
            raise ValueError("no option")
        old = self.old.get(name, "")
        if is_many and text.startswith(";"):
            kept = [part for part in old.split(";") if part]
            return ";".join(dict.fromkeys((*kept, *chosen)))
        if name == "lifecyclestage" and old in STAGES:
            # The stage only moves forward; moving back takes clearing it first.
            return max(old, text, key=STAGES.index)
        return text

    def _get_options(self, definition: Definition) -> set[str]:
        if definition["name"] == "hubspot_owner_id":
            owners = get_owners(self.call.portal)
            return {owner["id"] for owner in owners if not owner["archived"]}
        return set(
            STAGES_OF if definition["name"] == "pipeline" else get_options(definition)
        )

    def _check_stage(self) -> None:
        values = {**self.old, **self.values}
        stage, pipeline = values.get("dealstage"), values.get("pipeline")
        is_asked = {"dealstage", "pipeline"} & self.values.keys()
        if is_asked and stage and pipeline and stage not in STAGES_OF[pipeline]:
            message = f"{stage} was not one of the allowed options: {pipeline}"
            self.blame("dealstage", "INVALID_OPTION", message)


def check_write(call: Call, row: Row | None) -> Write:
    """Return what the body's properties come to, or refuse them by name and code."""
    given = call.body.get("properties")
    if not isinstance(given, dict):
        raise ApiRefusal("properties must be an object")
    write = Write(call=call, old=json.loads(row["properties"]) if row else {})
    write.check(given)
    if row is None:
        write.check_minimum(given)
    if problems := write.problems:
        told = [
            {
                "isValid": False,
                "message": problem["message"],
                "error": problem["code"],
                "name": problem["context"]["propertyName"][0],
            }
            for problem in problems
        ]
        text = json.dumps(told, separators=(",", ":"))
        raise ApiRefusal(f"Property values were not valid: {text}", errors=problems)
    for name in UNIQUE:
        value = write.values.get(name)
        other = call.records.find_by(name, value) if value else None
        if other and (row is None or other["id"] != row["id"]):
            message = f"Contact already exists. Existing ID: {other['id']}"
            raise ApiRefusal(message, 409, "CONFLICT")
    return write
