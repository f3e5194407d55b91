"""Find out what the values of a base's fields follow from, other fields included.

What a formula, lookup or rollup comes to changes without an edit of its record.
https://airtable.com/developers/web/api/field-model
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from integrations.providers.airtable.ids import FIELD, is_id
from integrations.providers.airtable.mapping.fields import COMPUTED, options_of
from integrations.providers.typed.definitions import NAMING, fingerprint

Field = Mapping[str, Any]

REFERENCES: Final = ("recordLinkFieldId", "fieldIdInLinkedTable")
MANY_REFERENCES: Final = "referencedFieldIds"
# The type of what a value comes to is known of the field itself, and how it is shown
# changes none; what is referred to has parts of its own.
NOT_DEFINING: Final = frozenset({"result", "choices", MANY_REFERENCES})
# Fields that are followed from one; where there are more, all of the base count.
MOST_FIELDS: Final = 500


class Definitions:
    """The definitions of all fields of a base: some follow from those of others."""

    def __init__(self, fields: Iterable[Field]) -> None:
        """Know fields by their ids; what is read of one is kept."""
        self._fields = {str(each.get("id")): each for each in fields}
        self._parts: dict[str, frozenset[str]] = {}

    def of_table(self, fields: Sequence[Field], primary: str) -> dict[str, list[str]]:
        """Return the parts by field, and those that names of records follow from."""
        named = [str(each.get("id")) for each in fields if _is_defined(each)]
        found = {name: sorted(self._of(name)) for name in named}
        naming = {fingerprint(NAMING, primary)} | self._of(primary)
        return {**found, NAMING: sorted(naming)}

    def _of(self, name: str) -> set[str]:
        """Return the parts of a field, and of all those it follows from."""
        found: set[str] = set()
        waiting, seen = [name], {name}
        while waiting and len(seen) <= MOST_FIELDS:
            key = waiting.pop()
            found |= self._own(key)
            others = {*_references(self._fields.get(key, {}))} - seen
            seen |= others
            waiting += sorted(others)
        return {self._all} if waiting else found

    @cached_property
    def _all(self) -> str:
        return fingerprint(
            *sorted(part for key in self._fields for part in self._own(key))
        )

    def _own(self, name: str) -> frozenset[str]:
        if name not in self._parts:
            entry = self._fields.get(name, {})
            self._parts[name] = frozenset(_parts_of(name, entry))
        return self._parts[name]


def _is_defined(entry: Field) -> bool:
    """Tell whether values follow from more than the type that the field itself has."""
    kinds = {*COMPUTED, "multipleRecordLinks"}
    return is_id(entry.get("id"), FIELD) and str(entry.get("type")) in kinds


def _parts_of(name: str, entry: Field) -> Iterator[str]:
    """Yield a fingerprint of a field, and one of each option that values may be."""
    kind, options = str(entry.get("type")), options_of(entry)
    own: Any = None
    if kind in COMPUTED:
        own = {key: told for key, told in options.items() if key not in NOT_DEFINING}
    elif kind == "multipleRecordLinks":
        own = options.get("linkedTableId")
    yield fingerprint(name, kind, own)
    choices = options.get("choices")
    for each in choices if isinstance(choices, list) else ():
        if isinstance(each, dict):
            yield fingerprint(name, "choice", each.get("name"))


def _references(entry: Field) -> Iterator[str]:
    options = options_of(entry)
    several = options.get(MANY_REFERENCES)
    told = [options.get(key) for key in REFERENCES]
    for each in (*told, *(several if isinstance(several, list) else ())):
        if isinstance(each, str):
            yield each
