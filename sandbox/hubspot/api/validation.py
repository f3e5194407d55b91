"""Check the values of a write, as strictly as HubSpot does."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.core.storage import Row
from sandbox.core.times import DAY_MS, to_date, to_ms, to_short_iso
from sandbox.hubspot.api.calls import Call
from sandbox.hubspot.api.errors import refuse
from sandbox.hubspot.api.records import SLUG, UNIQUE
from sandbox.hubspot.seed import definitions
from sandbox.hubspot.seed.accounts import CONTACTS

# The code of a refusal by the type of a property, and what a text must look like.
TYPES = {
    "number": ("INVALID_INTEGER", r"-?\d+(\.\d+)?"),
    "bool": ("INVALID_OPTION", "true|false"),
    "email": ("INVALID_EMAIL", r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+"),
    "enumeration": ("INVALID_OPTION", ".*"),
    "date": ("INVALID_DATE", ".*"),
    "datetime": ("INVALID_LONG", ".*"),
}
OTHERS = ("INVALID_VALUE", "(?s:.*)")
MESSAGES = {
    "PROPERTY_DOESNT_EXIST": 'Property "{0}" does not exist',
    "READ_ONLY_VALUE": '"{0}" is a read only property; its value cannot be set.',
    "MISSING_REQUIRED_PROPERTY": 'Property "{0}" is required to create this record',
    "MISSING_CONDITIONAL_REQUIRED_PROPERTY": 'Property "{0}" is required with {1}',
}
# One of these a new contact cannot do without.
MINIMUM = ("email", "firstname", "lastname")
LIFECYCLE = definitions.get_definitions(CONTACTS)["lifecyclestage"]
STAGES = definitions.get_options(LIFECYCLE)


def read_time(text: str) -> int:
    """Read a time written as ISO text or as epoch milliseconds."""
    moment = int(text) if text.lstrip("-").isdigit() else to_ms(text)
    if moment is None:
        raise ValueError(f"{text} is no time")
    return moment


@dataclass(kw_only=True)
class Write:
    """What a write comes to, checked against definitions and the record so far."""

    call: Call
    old: Mapping[str, str]
    values: dict[str, str | None] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def blame(self, name: str, code: str, value: Any = "") -> None:
        message = MESSAGES.get(code, "{1} was not a valid value for {0}")
        message = message.format(name, value)
        self.problems.append({"message": message, "error": code, "name": name})

    def check(self, given: Mapping[str, Any]) -> None:
        known = self.call.definitions
        for name, value in given.items():
            definition = known.get(name)
            if not definition or definition["dataSensitivity"] != definitions.PLAIN:
                self.blame(name, "PROPERTY_DOESNT_EXIST")
            elif definition["modificationMetadata"]["readOnlyValue"]:
                self.blame(name, "READ_ONLY_VALUE")
            elif isinstance(value, (str, int, float)):
                text = str(value).lower() if isinstance(value, bool) else str(value)
                self._check_text(definition, text)
            else:
                self.blame(name, "INVALID_VALUE", value)

    def check_minimum(self, given: Mapping[str, Any]) -> None:
        call, groups = self.call, list[Sequence[str]]([MINIMUM])
        if call.enforces_rules:
            names = call.sandbox.switches.get(SLUG, "required_properties", call.portal)
            groups += [(name,) for name in names]
        for group in groups:
            if not any(given.get(name) for name in group):
                self.blame(group[0], "MISSING_REQUIRED_PROPERTY")

    def check_conditions(self) -> None:
        """Require what a value that is set makes required, in new and old records.

        A rule is ``property=value:required``; what was so before is left alone.
        """
        call, values = self.call, {**self.old, **self.values}
        if not call.enforces_rules:
            return
        rules = call.sandbox.switches.get(SLUG, "conditional_properties", call.portal)
        for rule in rules:
            condition, _, required = rule.partition(":")
            name, _, value = condition.partition("=")
            is_touched = {name, required} & self.values.keys()
            if is_touched and values.get(name) == value and not values.get(required):
                code = "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
                self.blame(required, code, condition)

    def _check_text(self, definition: definitions.Definition, text: str) -> None:
        name, kind = definition["name"], definition["type"]
        code, pattern = TYPES.get("email" if name == "email" else kind, OTHERS)
        readers = {"date": self._read_date, "enumeration": self._read_option}
        try:
            if not text:
                self.values[name] = None
            elif not re.fullmatch(pattern, text):
                self.blame(name, code, text)
            elif kind == "datetime":
                self.values[name] = to_short_iso(read_time(text))
            else:
                read = readers.get(kind, lambda _, text: text)
                self.values[name] = read(definition, text)
        except ValueError:
            self.blame(name, code, text)

    def _read_date(self, definition: definitions.Definition, text: str) -> str:
        moment, name = read_time(text), definition["name"]
        day = to_date(moment)
        if moment % DAY_MS:
            if not self.call.enforces_rules:
                raise ValueError(f"{text} is not midnight")
            context = {"propertyName": name, "rawValue": text, "normalizedValue": day}
            message = f"{name} was normalized"
            warning = {"category": "PROPERTY_VALUE_NORMALIZED", "message": message}
            self.warnings.append({**warning, "context": context})
        return day

    def _read_option(self, definition: definitions.Definition, text: str) -> str:
        name, is_many = definition["name"], definition["fieldType"] == "checkbox"
        chosen = [part for part in text.split(";") if part] if is_many else [text]
        allowed = self._get_options(definition)
        if allowed and not allowed.issuperset(chosen):
            raise ValueError(f"{text} is no option")
        old = self.old.get(name, "")
        if is_many and text.startswith(";"):
            kept = [part for part in old.split(";") if part]
            return ";".join(dict.fromkeys((*kept, *chosen)))
        if name == "lifecyclestage" and old in STAGES:
            # The stage only moves forward; moving back takes clearing it first.
            return max(old, text, key=STAGES.index)
        return text

    def _get_options(self, definition: definitions.Definition) -> set[str]:
        if definition["name"] == "hubspot_owner_id":
            owners = definitions.get_owners(self.call.portal)
            return {owner["id"] for owner in owners if not owner["archived"]}
        return set(definitions.get_options(definition))


def check_write(call: Call, row: Row | None, given: Mapping[str, Any]) -> Write:
    """Return what some properties come to, or refuse them by name and code."""
    write = Write(call=call, old=json.loads(row["properties"]) if row else {})
    write.check(given)
    if row is None:
        write.check_minimum(given)
    write.check_conditions()
    if write.problems:
        told = json.dumps([{"isValid": False, **p} for p in write.problems])
        errors = []
        for problem in write.problems:
            context = {"propertyName": [problem["name"]]}
            told_so = {"message": problem["message"], "code": problem["error"]}
            errors.append({**told_so, "context": context})
        raise refuse(f"Property values were not valid: {told}", errors=errors)
    for name in UNIQUE:
        value = write.values.get(name)
        other = call.records.find_by(name, value) if value else None
        if other and (row is None or other["id"] != row["id"]):
            message = f"Contact already exists. Existing ID: {other['id']}"
            raise refuse(message, 409, "CONFLICT")
    return write
