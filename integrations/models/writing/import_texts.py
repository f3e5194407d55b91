"""Why a value, a row or a file is not taken: codes, and what is said of them."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from integrations.providers.writing import Refusal


class FileProblem(StrEnum):
    """Why a file cannot be imported."""

    MISSING = "missing"
    EMPTY = "empty"
    NO_ROWS = "no_rows"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_FILES = "too_many_files"
    NOT_TEXT = "not_text"
    ENCODING = "encoding"
    QUOTES = "quotes"


class RowProblem(StrEnum):
    """Why a row cannot be imported, besides what a provider refuses of a value."""

    NO_IDENTITY = "no_identity"
    NOT_THERE = "not_there"
    GONE = "gone"
    DUPLICATE = "duplicate"
    TOO_MANY_CELLS = "too_many_cells"
    TOO_LONG = "too_long"
    YEAR = "year"


# What a form and a list of refused rows say of a value.
REFUSALS: Final[Mapping[str, str]] = {
    Refusal.UNKNOWN_FIELD: "This field is not there any more.",
    Refusal.READ_ONLY: "This field cannot be changed.",
    Refusal.INVALID_OPTION: "Choose one of the options: this one is not offered there.",
    Refusal.INVALID_EMAIL: "Enter an e-mail address, such as name@example.com.",
    Refusal.INVALID_NUMBER: "Enter a number, such as 12.5.",
    Refusal.INVALID_DATE: "Enter a date.",
    Refusal.INVALID: "This value is not accepted there.",
    Refusal.REQUIRED: "Fill this in: it is required there.",
    Refusal.TAKEN: "Another one has this already.",
}
PROBLEMS: Final[Mapping[str, str]] = {
    Refusal.UNKNOWN_FIELD: "This field is not there any more.",
    Refusal.INVALID_OPTION: "This is none of the options, by label or by value.",
    Refusal.INVALID_EMAIL: "This is no e-mail address.",
    Refusal.INVALID_NUMBER: "This is no number, written as you chose.",
    Refusal.INVALID_DATE: "This is no date, written as you chose.",
    Refusal.INVALID: "This is neither yes nor no.",
    RowProblem.NO_IDENTITY: "The row has nothing by which it could be found.",
    RowProblem.NOT_THERE: "Nothing with this record ID is known here.",
    RowProblem.GONE: "What it changes was deleted after the check.",
    RowProblem.DUPLICATE: "Row {number} is about the same one already.",
    RowProblem.TOO_MANY_CELLS: "The row has more cells than there are headings.",
    RowProblem.TOO_LONG: "The text is too long.",
    RowProblem.YEAR: "Write the year with four digits.",
}
FILES: Final[Mapping[FileProblem, str]] = {
    FileProblem.MISSING: "Choose a file first.",
    FileProblem.EMPTY: "The file is empty.",
    FileProblem.NO_ROWS: "The file has headings, but no rows below them.",
    FileProblem.TOO_LARGE: (
        "The file is larger than {number} MB. Split it, or leave out columns."
    ),
    FileProblem.TOO_MANY_ROWS: (
        "The file has more than {number:,} rows. Split it into several files."
    ),
    FileProblem.TOO_MANY_COLUMNS: (
        "The file has more than {number:,} columns. Leave some out."
    ),
    FileProblem.TOO_MANY_FILES: (
        "You have {number} files here already, and no more are kept for one person."
        " Delete those that were not begun, or wait until one is 7 days old."
    ),
    FileProblem.NOT_TEXT: (
        "This is no CSV file. In a spreadsheet, choose Save as and then CSV."
    ),
    FileProblem.ENCODING: (
        "The characters of this file cannot be read. Save it as CSV in UTF-8."
    ),
    FileProblem.QUOTES: (
        "Line {number:,} cannot be read: a quotation mark is not closed, stands inside"
        " a quoted cell without being doubled, or the cell is far too long."
    ),
}


def file_text(problem: FileProblem, number: int = 0) -> str:
    """Return why a file cannot be imported, and what to do about it."""
    return FILES[problem].format(number=number)


def refusal_text(told: Any) -> str:
    """Return why a value was refused, of its code and the provider's words."""
    if not isinstance(told, list) or len(told) != 2:
        return ""
    code, message = told
    words = REFUSALS.get(code, REFUSALS[Refusal.INVALID])
    return f"{words} ({message})" if message else words


def problem_text(problem: Sequence[Any]) -> str:
    """Return why a row is not imported; the code of a problem stands second."""
    code, number = str(problem[1]), int(problem[2] or 0)
    text = PROBLEMS.get(code) or REFUSALS.get(code, REFUSALS[Refusal.INVALID])
    return text.format(number=f"{number:,}")
