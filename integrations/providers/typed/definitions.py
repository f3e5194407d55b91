"""Say what values follow from that nobody edits: formulas, linked tables, options."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from integrations.providers.records import DEFINITIONS_KEY, lookup_in

# Under this name stands what names the items: no field has it.
NAMING: Final = ""


def fingerprint(*told: object) -> str:
    """Return what is the same for what is told the same, whatever it is."""
    text = json.dumps(told, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def redefined(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the fields of which something is gone that their values followed from.

    What comes to it, like a new option of a column that a formula reads, changes none.
    Schemas that were kept by an earlier version do not say.
    """
    if DEFINITIONS_KEY not in before:
        return set()
    old, new = lookup_in(before, DEFINITIONS_KEY), lookup_in(after, DEFINITIONS_KEY)
    return {
        name
        for name in old.keys() | new.keys()
        if name not in old or not _parts(old[name]) <= _parts(new.get(name))
    }


def _parts(told: object) -> set[str]:
    known = told if isinstance(told, Sequence) and not isinstance(told, str) else ()
    return {each for each in known if isinstance(each, str)}
