"""Read the few filter formulas the sandbox knows: changed or made after a moment."""

import re
from dataclasses import dataclass

from sandbox.airtable.api.errors import ApiRefusal, invalid
from sandbox.core.times import to_ms

COLUMNS = {"LAST_MODIFIED_TIME": "modified", "CREATED_TIME": "created"}
TEXT = r"""(?:"[^"]*"|'[^']*')"""
TOKEN = re.compile(rf"\s*({TEXT}|[A-Z_]+|[(),])")


@dataclass(frozen=True, kw_only=True)
class After:
    """Ask for what a column puts after a moment."""

    column: str
    moment: int


def parse_formula(text: str) -> list[After]:
    """Return the conditions of which one must hold."""
    tokens = _split(text)
    if tokens[:2] == ["OR", "("] and tokens[-1:] == [")"]:
        inner, found = tokens[2:-1], []
        while inner:
            condition, inner = _take_after(inner)
            found.append(condition)
            if inner and (inner[0] != "," or len(inner) == 1):
                raise _refuse()
            inner = inner[1:]
        if found:
            return found
        raise _refuse()
    condition, rest = _take_after(tokens)
    if rest:
        raise _refuse()
    return [condition]


def _split(text: str) -> list[str]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise _refuse()
        tokens.append(match[1])
        position = match.end()
    return tokens


def _take_after(tokens: list[str]) -> tuple[After, list[str]]:
    """Read IS_AFTER(column(), moment), and return what follows it."""
    column = COLUMNS.get(tokens[2]) if len(tokens) > 6 else None
    wanted = ["IS_AFTER", "(", "(", ")", ","]
    if column is None or [*tokens[:2], *tokens[3:6]] != wanted:
        raise _refuse()
    moment, rest = _take_moment(tokens[6:])
    if rest[:1] != [")"]:
        raise _refuse()
    return After(column=column, moment=moment), rest[1:]


def _take_moment(tokens: list[str]) -> tuple[int, list[str]]:
    """Read a quoted moment, bare or inside DATETIME_PARSE()."""
    if tokens[0] != "DATETIME_PARSE":
        return _read_moment(tokens[0]), tokens[1:]
    if len(tokens) < 4 or tokens[1] != "(" or tokens[3] != ")":
        raise _refuse()
    return _read_moment(tokens[2]), tokens[4:]


def _read_moment(token: str) -> int:
    moment = to_ms(token[1:-1]) if token[0] in "\"'" else None
    if moment is None:
        raise _refuse()
    return moment


def _refuse() -> ApiRefusal:
    message = "The formula for filtering records is invalid"
    return invalid(message, "INVALID_FILTER_BY_FORMULA")
