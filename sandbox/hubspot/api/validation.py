"""Check the values of a write, as strictly as HubSpot does."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.core.storage import Storage
from sandbox.core.times import DAY_MS, to_date, to_ms, to_short_iso
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS
from sandbox.hubspot.seed.definitions import PIPELINES, Definition, get_definitions

EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
# What a text must look like, by type, and the code of the refusal.
PATTERNS = {
    "number": (re.compile(r"-?\d+(\.\d+)?"), "INVALID_INTEGER"),
    "bool": (re.compile("true|false"), "INVALID_OPTION"),
}
STAGES = get_definitions(CONTACTS)["lifecyclestage"].values
ANY_OF = {
    CONTACTS: ("email", "firstname", "lastname"),
    COMPANIES: ("name", "domain"),
}
ALL_OF = ("dealname", "dealstage", "pipeline")
STAGES_OF: dict[str, set[str]] = {
    pipeline["id"]: {stage["id"] for stage in pipeline["stages"]}
    for pipeline in PIPELINES
}


def read_time(text: str) -> int | None:
    """Read a time written as ISO text or as epoch milliseconds."""
    return int(text) if text.lstrip("-").isdigit() else to_ms(text)


@dataclass(kw_only=True)
class Check:
    """Check the values of one write against definitions and the record so far."""

    storage: Storage
    portal: str
    type_id: str
    old: Mapping[str, str]
    # Whether a date with a time of day is cut to its day, or refused.
    normalises: bool
    # What the write comes to.
    values: dict[str, str | None] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def blame(self, name: str, code: str, message: str) -> None:
        """Add one value that cannot be stored."""
        self.problems.append({"name": name, "code": code, "message": message})

    def check(self, given: Mapping[str, Any]) -> None:
        """Check every value."""
        known = get_definitions(self.type_id)
        for name, value in given.items():
            definition = known.get(name)
            if definition is None or definition.sensitivity != "non_sensitive":
                message = f'Property "{name}" does not exist'
                self.blame(name, "PROPERTY_DOESNT_EXIST", message)
            elif definition.is_read_only:
                message = f'"{name}" is a read only property; its value cannot be set.'
                self.blame(name, "READ_ONLY_VALUE", message)
            else:
                self._check_value(definition, value)
        if self.type_id == DEALS:
            self._check_stage()

    def check_minimum(self, given: Mapping[str, Any]) -> None:
        """Check that a new record has what its type cannot do without."""
        if self.type_id == DEALS:
            missing = [name for name in ALL_OF if not given.get(name)]
        else:
            names = ANY_OF[self.type_id]
            missing = [] if any(given.get(n) for n in names) else [names[0]]
        for name in missing:
            message = f'Property "{name}" is required to create this record'
            self.blame(name, "MISSING_REQUIRED_PROPERTY", message)

    def _check_value(self, definition: Definition, value: Any) -> None:
        name = definition.name
        if isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, (str, int, float)):
            message = f"{json.dumps(value)} was not a valid value"
            self.blame(name, "INVALID_VALUE", message)
            return
        text = str(value)
        checks = {
            "date": self._check_date,
            "datetime": self._check_time,
            "enumeration": self._check_option,
        }
        if text == "":
            self.values[name] = None
        else:
            checks.get(definition.type, self._check_text)(definition, text)

    def _check_text(self, definition: Definition, text: str) -> None:
        if definition.name == "email" and not EMAIL.fullmatch(text):
            message = f"Email address {text} is invalid"
            self.blame("email", "INVALID_EMAIL", message)
            return
        pattern, code = PATTERNS.get(definition.type, (None, ""))
        if pattern and not pattern.fullmatch(text):
            self._refuse(definition, code, text)
        else:
            self.values[definition.name] = text

    def _check_time(self, definition: Definition, text: str) -> None:
        moment = read_time(text)
        if moment is None:
            self._refuse(definition, "INVALID_LONG", text)
        else:
            self.values[definition.name] = to_short_iso(moment)

    def _check_date(self, definition: Definition, text: str) -> None:
        moment, name = read_time(text), definition.name
        if moment is None or (moment % DAY_MS and not self.normalises):
            self._refuse(definition, "INVALID_DATE", text)
            return
        day = self.values[name] = to_date(moment)
        if moment % DAY_MS:
            context = {"propertyName": name, "rawValue": text, "normalizedValue": day}
            warning = {"category": "PROPERTY_VALUE_NORMALIZED", "context": context}
            self.warnings.append(warning)

    def _check_option(self, definition: Definition, text: str) -> None:
        name = definition.name
        is_many = definition.field == "checkbox"
        chosen = [part for part in text.split(";") if part] if is_many else [text]
        allowed = self._get_options(definition)
        if allowed is not None and (bad := [c for c in chosen if c not in allowed]):
            self._refuse(definition, "INVALID_OPTION", bad[0])
            return
        if is_many and text.startswith(";"):
            kept = [part for part in self.old.get(name, "").split(";") if part]
            text = ";".join(dict.fromkeys((*kept, *chosen)))
        old = self.old.get(name)
        if name == "lifecyclestage" and old in STAGES:
            # The stage only moves forward; moving back takes clearing it first.
            text = max(old, text, key=STAGES.index)
        self.values[name] = text

    def _get_options(self, definition: Definition) -> set[str] | None:
        if definition.name == "hubspot_owner_id":
            sql = "SELECT id FROM hubspot_owner WHERE portal = ? AND archived = 0"
            return {str(row["id"]) for row in self.storage.all(sql, self.portal)}
        if definition.name == "pipeline":
            return set(STAGES_OF)
        return set(definition.values) or None

    def _check_stage(self) -> None:
        values = {**self.old, **self.values}
        stage, pipeline = values.get("dealstage"), values.get("pipeline")
        is_asked = {"dealstage", "pipeline"} & self.values.keys()
        if is_asked and stage and pipeline and stage not in STAGES_OF[pipeline]:
            message = f"{stage} was not one of the allowed options: {pipeline}"
            self.blame("dealstage", "INVALID_OPTION", message)

    def _refuse(self, definition: Definition, code: str, text: str) -> None:
        message = f"{text} was not a valid {definition.type} for {definition.name}"
        self.blame(definition.name, code, message)
