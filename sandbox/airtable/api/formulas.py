"""Read the few filter formulas the sandbox knows: changed or made after a time."""

import re
from dataclasses import dataclass

from sandbox.airtable.api.errors import ApiRefusal, invalid
from sandbox.core.times import to_ms

COLUMNS = {"LAST_MODIFIED_TIME": "modified", "CREATED_TIME": "created"}
TEXT = r"""("[^"]*"|'[^']*')"""
# Words and signs, with any space between them.
AFTER = re.compile(
    rf"""
    \s* IS_AFTER \s* \( \s* ({"|".join(COLUMNS)}) \s* \( \s* \) \s* , \s*
    (?: {TEXT} | DATETIME_PARSE \s* \( \s* {TEXT} \s* \) ) \s* \) \s*
    """,
    re.VERBOSE,
)
ANY_OF = re.compile(r"\s*OR\s*\((.*)\)\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class After:
    """Ask for what a column puts after a time."""

    column: str
    moment: int


def parse_formula(text: str) -> list[After]:
    """Return the conditions of which one must hold."""
    listed = ANY_OF.fullmatch(text)
    rest, found = listed[1] if listed else text, []
    while match := AFTER.match(rest):
        found.append(_read_after(match))
        rest = rest[match.end() :]
        if not rest:
            return found
        if not listed or not rest.startswith(","):
            break
        rest = rest[1:]
    raise _refuse()


def _read_after(match: re.Match[str]) -> After:
    moment = to_ms((match[2] or match[3])[1:-1])
    if moment is None:
        raise _refuse()
    return After(column=COLUMNS[match[1]], moment=moment)


def _refuse() -> ApiRefusal:
    message = "The formula for filtering records is invalid"
    return invalid(message, "INVALID_FILTER_BY_FORMULA")
