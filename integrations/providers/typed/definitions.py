"""Say what values follow from that nobody edits: formulas, linked tables, options.

Definitions have parts by name: fingerprints, and other names, which are followed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from integrations.providers.records import DEFINITIONS_KEY, lookup_in

# Under this name stands what names the items: no field has it.
NAMING: Final = ""
# So begins a name of what others follow from, and has no values of its own here.
FOLLOWED: Final = "="


def fingerprint(*told: object) -> str:
    """Return what is the same for what is told the same, whatever it is."""
    text = json.dumps(told, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def tag_of(definitions: Mapping[str, Any]) -> str:
    """Return what changes whenever definitions do."""
    return fingerprint(definitions)


def redefined(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the fields of which something is gone that their values followed from.

    What comes to it, like a new option of a column that a formula reads, changes none.
    Schemas that were kept by an earlier version do not say.
    """
    if DEFINITIONS_KEY not in before:
        return set()
    old, new = lookup_in(before, DEFINITIONS_KEY), lookup_in(after, DEFINITIONS_KEY)
    came = {name for name in new.keys() - old.keys() if not name.startswith(FOLLOWED)}
    went = {name for name in old if not _parts(old[name]) <= _parts(new.get(name))}
    found = _with_followers(old, came | went)
    return {name for name in found if not name.startswith(FOLLOWED)}


def _with_followers(known: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """Return names, and those that follow from them, each part looked at once."""
    followers: dict[str, list[str]] = {}
    for name, told in known.items():
        for part in _parts(told):
            if part in known:
                followers.setdefault(part, []).append(name)
    found = set(names)
    waiting = list(found)
    while waiting:
        further = {*followers.get(waiting.pop(), ())} - found
        found |= further
        waiting += further
    return found


def _parts(told: object) -> set[str]:
    known = told if isinstance(told, Sequence) and not isinstance(told, str) else ()
    return {each for each in known if isinstance(each, str)}
