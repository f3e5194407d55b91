"""Read how records are asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.airtable.api.errors import INVALID, refuse
from sandbox.core.times import to_ms

MAX_PAGE = 100
TRUE = ("true", "1")
COLUMNS = {"LAST_MODIFIED_TIME": "modified", "CREATED_TIME": "created"}
TEXT = r"""("[^"]*"|'[^']*')"""
# The few formulas the sandbox knows: changed or made after a time, a record by its
# id, or one of several of these; one of several records, and that changed after a time.
AFTER = (
    rf"\s*IS_AFTER\s*\(\s*({'|'.join(COLUMNS)})\s*\(\s*\)\s*,\s*"
    rf"(?:{TEXT}|DATETIME_PARSE\s*\(\s*{TEXT}\s*\))\s*\)\s*"
)
RECORD = r"""\s*RECORD_ID\s*\(\s*\)\s*=\s*["'](rec[A-Za-z0-9]{14})["']\s*"""
TERM = rf"(?:{AFTER}|{RECORD})"
ANY = rf"(?:{TERM}|\s*OR\s*\({TERM}(?:,{TERM})*\)\s*)"
AMONG = rf"\s*OR\s*\({RECORD}(?:,{RECORD})*\)\s*"
BOTH = rf"\s*AND\s*\({AMONG},\s*OR\s*\({AFTER}(?:,{AFTER})*\)\s*\)\s*"
FORMULA = re.compile(rf"{ANY}|{BOTH}")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a listing asks for."""

    page_size: int
    offset: str
    by_id: bool
    # What chooses records in SQL.
    condition: str


def read_options(query: Mapping[str, str]) -> Options:
    formula, size = query.get("filterByFormula"), int(query.get("pageSize", MAX_PAGE))
    if not 1 <= size <= MAX_PAGE:
        raise refuse(INVALID, f"A page holds 1 to {MAX_PAGE} records")
    return Options(
        page_size=size,
        offset=query.get("offset", ""),
        by_id=query.get("returnFieldsByFieldId") in TRUE,
        condition=_read_formula(formula) if formula else "1",
    )


def _read_formula(text: str) -> str:
    found, ids = [], []
    if FORMULA.fullmatch(text):
        ids = re.findall(RECORD, text)
        for name, plain, parsed in re.findall(AFTER, text):
            found.append((COLUMNS[name], to_ms((plain or parsed)[1:-1])))
    if not (found or ids) or any(moment is None for _, moment in found):
        message = "The formula for filtering records is invalid"
        raise refuse("INVALID_FILTER_BY_FORMULA", message)
    changed = " OR ".join(f"{column} > {moment}" for column, moment in found)
    among = " OR ".join(f"id = '{each}'" for each in ids)
    if text.lstrip().startswith("AND"):
        return f"({among}) AND ({changed})"
    return " OR ".join(each for each in (changed, among) if each)
