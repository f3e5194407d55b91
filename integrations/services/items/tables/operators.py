"""What each type of column can be filtered by, and how filters' values are read."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from integrations.models.items.table import TEXT_LENGTH
from integrations.models.messages.wording import join_some
from integrations.providers.typed.plain import write_day
from integrations.providers.typed.values import cut
from integrations.services.items.tables.columns import amounts
from integrations.services.items.tables.columns.amounts import to_amount, to_day
from integrations.services.items.tables.columns.columns import Column, Family
from integrations.services.items.tables.columns.values import SINGLE, fold


class Operator(StrEnum):
    """How a column is compared; the values are the words of the address."""

    IS = "is"
    IS_NOT = "not"
    ONE_OF = "in"
    NONE_OF = "not_in"
    CONTAINS = "contains"
    LACKS = "not_contains"
    STARTS = "starts"
    GREATER = "gt"
    LESS = "lt"
    AT_LEAST = "gte"
    AT_MOST = "lte"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    LAST = "last"
    NEXT = "next"
    ME = "me"
    # One of several users of one name: identity, name, and what tells them apart.
    SAME = "same"
    # A text where the others are yes or no, such as why there is neither.
    TOLD = "told"
    EMPTY = "empty"
    FILLED = "filled"


O = Operator  # noqa: E741 (the tables below would not fit otherwise)
_EXACT: Final = (O.IS, O.IS_NOT, O.ONE_OF, O.NONE_OF)
# Of what has choices, the one that offers to tick several comes first.
_CHOSEN: Final = (O.ONE_OF, O.NONE_OF, O.IS, O.IS_NOT)
_PARTS: Final = (O.CONTAINS, O.LACKS)
_ANY: Final = (O.EMPTY, O.FILLED)
_LINKED: Final = (*_PARTS, *_EXACT, *_ANY)
ALLOWED: Final[Mapping[Family, Sequence[Operator]]] = {
    Family.TEXT: (*_PARTS, O.STARTS, *_EXACT, *_ANY),
    Family.NUMBER: (
        *(*_EXACT, O.GREATER, O.AT_LEAST, O.LESS, O.AT_MOST),
        *(O.BETWEEN, *_ANY),
    ),
    Family.BOOLEAN: (O.IS, O.IS_NOT, O.TOLD, *_ANY),
    Family.DATE: (
        *(O.IS, O.IS_NOT, O.BEFORE, O.AFTER, O.BETWEEN),
        *(O.LAST, O.NEXT),
        *_ANY,
    ),
    Family.CHOICE: (*_CHOSEN, *_PARTS, O.STARTS, *_ANY),
    Family.USER: (*_CHOSEN, O.ME, *_PARTS, O.STARTS, O.SAME, *_ANY),
    Family.RELATION: _LINKED,
    Family.FILES: (*_PARTS, *_ANY),
    Family.INCOMING: _LINKED,
}
# They hold where another one does not: of rows without a value as well.
NEGATED: Final = frozenset({O.IS_NOT, O.NONE_OF, O.LACKS, O.FILLED})
LISTS: Final = frozenset({O.ONE_OF, O.NONE_OF})
# By which a number of days is counted from today.
COUNTED: Final = frozenset({O.LAST, O.NEXT})
LABELS: Final[Mapping[Operator, str]] = {
    O.IS: "is",
    O.IS_NOT: "is not",
    O.ONE_OF: "is one of",
    O.NONE_OF: "is none of",
    O.CONTAINS: "contains",
    O.LACKS: "does not contain",
    O.STARTS: "starts with",
    O.GREATER: "is greater than",
    O.LESS: "is less than",
    O.AT_LEAST: "is at least",
    O.AT_MOST: "is at most",
    O.BETWEEN: "is between",
    O.BEFORE: "is before",
    O.AFTER: "is after",
    O.LAST: "is in the last … days",
    O.NEXT: "is in the next … days",
    O.ME: "is me",
    O.SAME: "is one of several called",
    O.TOLD: "is",
    O.EMPTY: "is empty",
    O.FILLED: "is not empty",
}
# No form offers them: nobody can write an identity, or knows what else is told.
UNOFFERED: Final = frozenset({O.SAME, O.TOLD})
WITHOUT_VALUE: Final = frozenset({O.ME, O.EMPTY, O.FILLED})
YES, NO = "yes", "no"
# Of longer values words tell how they begin.
VALUE_LENGTH = 60
# Of the number that stands for a user.
MOST_DIGITS: Final = 15
# No longer text is compared: values are kept by their beginning only.
MOST_CHOICES, MOST_DAYS, MOST_LENGTH = 50, 36_500, TEXT_LENGTH
_BOOLEANS: Final = {"yes": YES, "true": YES, "1": YES, "no": NO, "false": NO, "0": NO}


def read_values(
    column: Column, operator: Operator, values: Sequence[str]
) -> tuple[str, ...] | None:
    """Return a filter's values as they are written, None for wrong ones.

    Those of a range are in their order, whichever came first.
    """
    if operator in WITHOUT_VALUE:
        return ()
    texts = filled(column, operator, values)[:MOST_CHOICES]
    if operator is Operator.SAME:
        return _read_identity(texts)
    expected = 2 if operator is Operator.BETWEEN else 1
    is_list = operator in LISTS
    if not texts or (len(texts) != expected and not is_list):
        return None
    if any(len(each) > MOST_LENGTH for each in texts):
        return None
    read = [_read_value(column, operator, each) for each in texts]
    found = tuple(each for each in read if each is not None)
    if len(found) < len(read):
        return None
    return _in_order(column, found) if operator is Operator.BETWEEN else found


def filled(column: Column, operator: Operator, values: Sequence[str]) -> list[str]:
    """Return values without blank ones, and a list of them without doubles.

    Those are blank of which nothing is compared, and double that are compared alike.
    """
    texts = [each.replace("\x00", "").strip() for each in values]
    # One of several users is told by a number, whatever the name.
    is_text = column.family not in SINGLE and operator is not Operator.SAME
    texts = [each for each in texts if (fold(each) if is_text else each)]
    if operator not in LISTS:
        return texts
    known: dict[str | float, str] = {}
    for each in texts:
        amount = None if is_text else to_amount(each, column)
        known.setdefault(fold(each) if amount is None else amount, each)
    return [*known.values()]


def _read_identity(texts: Sequence[str]) -> tuple[str, ...] | None:
    number, *names = texts or [""]
    is_number = number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS
    return (number, *names) if is_number and 1 <= len(names) <= 2 else None


def _in_order(column: Column, values: tuple[str, ...]) -> tuple[str, ...]:
    if column.family is Family.NUMBER:
        return tuple(sorted(values, key=lambda each: to_amount(each, column) or 0.0))
    return tuple(sorted(values, key=date.fromisoformat))


def _read_value(column: Column, operator: Operator, text: str) -> str | None:
    if operator in COUNTED:
        is_number = text.isascii() and text.isdecimal() and len(text) <= len("36500")
        is_known = is_number and 0 < int(text) <= MOST_DAYS
        return str(int(text)) if is_known else None
    if operator is O.TOLD:
        return text if fold(text) else None
    if column.family is Family.BOOLEAN:
        return _BOOLEANS.get(text.lower())
    if column.family is Family.DATE:
        day = to_day(text)
        return day.isoformat() if day else None
    if column.family is Family.NUMBER:
        return text if to_amount(text, column) is not None else None
    return text


def why_not(column: Column, operator: str, values: Sequence[str]) -> str:
    """Return why a filter cannot be used, and what one looks like that can."""
    known = next((each for each in ALLOWED[column.family] if each == operator), None)
    if known is None:
        label = next((LABELS[each] for each in Operator if each == operator), operator)
        return f"{column.label} cannot be filtered by “{cut(label, 30)}”."
    told = filled(column, known, values)[:MOST_CHOICES]
    refused = [each for each in told if _read_value(column, known, each) is None]
    begins = f"“{column.label} {LABELS[known]}”"
    if known in COUNTED:
        needed = f"a number of days from 1 to {MOST_DAYS:,}"
    else:
        needed = amounts.looks(column) or "a value"
    if not refused:
        # Those that were told may be right by themselves, and too few or too many.
        each_of = "two values, each " if known is O.BETWEEN else ""
        return f"{begins} needs {each_of}{needed}."
    named = [f"“{cut(each, 40)}”" for each in refused]
    if len(named) == 1:
        return f"{begins}: {named[0]} is not {needed}."
    return f"{begins}: none of {join_some(named, last=' and ')} is {needed}."


def to_words(column: Column, operator: Operator, values: Sequence[str]) -> str:
    """Return a filter in words, as in: Amount is greater than 1000."""
    shown = list(values)
    if column.family is Family.DATE and operator not in COUNTED:
        shown = [write_day(date.fromisoformat(each)) for each in values]
    shown = [cut(each, VALUE_LENGTH) for each in shown]
    if operator in COUNTED:
        days = "day" if values == ("1",) else "days"
        return f"{column.label} is in the {operator} {values[0]} {days}"
    if operator is O.BETWEEN:
        return f"{column.label} is between {shown[0]} and {shown[1]}"
    if operator is O.SAME:
        _, name, *hint = shown
        is_hinted = f"{column.label} is {name} ({''.join(hint)})"
        return is_hinted if hint else f"{column.label} {LABELS[operator]} {name}"
    # One of a single value is that one.
    single = {O.ONE_OF: O.IS, O.NONE_OF: O.IS_NOT} if len(shown) == 1 else {}
    label = LABELS[single.get(operator, operator)]
    # Commas are parts of numbers and of some texts.
    is_divided = column.family is Family.NUMBER or any("," in each for each in shown)
    joined = join_some(shown, last=" or ", glue="; " if is_divided else ", ")
    return f"{column.label} {label} {joined}".strip()
