"""The form of one filter: its column, its operator, and the inputs that this takes."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.http import QueryDict
from msgspec import Struct

from integrations.providers.typed.values import cut
from integrations.services.items.tables.columns.columns import (
    LINKING,
    Column,
    Family,
)
from integrations.services.items.tables.columns.known_values import (
    Known,
    find_known,
    meant,
)
from integrations.services.items.tables.conditions import Condition
from integrations.services.items.tables.opening import OpenTable
from integrations.services.items.tables.operators import (
    ALLOWED,
    COUNTED,
    LABELS,
    LISTS,
    MOST_CHOICES,
    MOST_DAYS,
    MOST_LENGTH,
    NEGATED,
    NO,
    UNOFFERED,
    WITHOUT_VALUE,
    YES,
    Operator,
)
from integrations.services.items.tables.table_address import (
    MOST_CONDITIONS,
    read_condition,
)

TOO_MANY: Final = f"Remove a filter first: {MOST_CONDITIONS} can be used at once."
MOST_OPTIONS: Final = 200
# So many are in view at once, and need no search.
IN_VIEW: Final = 10
# Characters of lines, each with its end.
LINES_LENGTH: Final = MOST_CHOICES * (MOST_LENGTH + len("\r\n"))
EXACT: Final = frozenset({Operator.IS, Operator.IS_NOT})
# The days that a filter may name, as the input of a browser takes them.
DAYS: Final = {"least": "0002-01-01", "most": "9990-01-01"}
PAIRS: Final[Mapping[Family, Sequence[str]]] = {
    Family.NUMBER: ("From", "Up to"),
    Family.DATE: ("First day", "Last day"),
}


class FilterForm(Struct, frozen=True, kw_only=True):
    """What the form of a filter holds: read from its address, not yet a filter.

    ``place`` tells which filter of the table it changes, None that it adds one;
    ``drawn`` for which operator its inputs were made, empty where none were. What the
    address names and the table does not have is ``unknown``, in words.
    """

    table: OpenTable
    column: Column
    operators: Sequence[Operator]
    operator: Operator
    values: Sequence[str] = ()
    place: int | None = None
    drawn: str = ""
    is_sent: bool = False
    unknown: Sequence[str] = ()

    @classmethod
    def read(cls, parameters: QueryDict, table: OpenTable) -> "FilterForm | None":
        """Return the form that is asked for, None where no column is chosen yet."""
        place = _read_place(parameters.get("edit", ""), table)
        changed = None if place is None else table.query.conditions[place]
        column = table.columns.get(parameters.get("column", ""))
        if column is None and changed is not None:
            column = changed.column
        if column is None:
            return None
        operators = [*_offered(column, table)]
        drawn, asked = parameters.get("drawn", ""), parameters.get("operator", "")
        values: Sequence[str] = meant(column, _sent(parameters))
        if changed is not None and changed.column.id == column.id and not drawn:
            asked, values = _of_condition(changed)
        known = next((each for each in operators if each == asked), None)
        unknown = [*find_unknown(parameters, table)]
        if asked and known is None:
            unknown.append(_not_offered(column, asked))
        return cls(
            table=table,
            column=column,
            operators=operators,
            operator=known or operators[0],
            values=values,
            place=place,
            drawn=drawn,
            is_sent="add" in parameters,
            unknown=unknown,
        )

    def make(self) -> tuple[Condition | None, Sequence[str]]:
        """Return the filter that was written, or in words why it is none."""
        if self.unknown or not self.is_sent:
            return None, self.unknown
        values = [each for each in self.values if each.strip()]
        made, problems = read_condition(self.column, self.operator, values)
        # Inputs of another operator could not take what this one needs.
        is_refused = self.drawn == self.operator
        if problems or made is None:
            return None, problems if is_refused else ()
        on = self.table.query.conditions
        if self.place is None and made not in on and len(on) >= MOST_CONDITIONS:
            return None, [TOO_MANY]
        return made, ()

    def make_context(self) -> dict[str, Any]:
        """Return what the template draws."""
        known = _known(self)
        return {
            "column": self.column,
            "place": self.place,
            "operator": self.operator,
            "operators": [(str(each), LABELS[each]) for each in self.operators],
            "has_focus": not self.drawn,
            "help": [*self._redrawn(), *_help(self.column, self.operator)],
            **_inputs(self, known),
        }

    def _redrawn(self) -> Iterator[str]:
        """Yield what to do where the inputs that were sent are another operator's."""
        if self.is_sent and self.drawn != self.operator and not self.unknown:
            label = LABELS[self.operator]
            yield f"Nothing is filtered yet: “{label}” has these fields."


def find_unknown(parameters: QueryDict, table: OpenTable) -> Iterator[str]:
    """Yield in words which column or filter is asked for that the table has not."""
    place, column = parameters.get("edit", ""), parameters.get("column", "")
    if place and _read_place(place, table) is None:
        yield "The filter that was to be changed is not there any more."
    if column and table.columns.get(column) is None:
        yield f"There is no column “{cut(column, 60)}” for rows to be filtered by."


def _not_offered(column: Column, operator: str) -> str:
    named = next((LABELS[each] for each in Operator if each == operator), operator)
    return f"{column.label} cannot be filtered by “{cut(named, 30)}”."


def _read_place(text: str, table: OpenTable) -> int | None:
    places = {str(n): n for n in range(len(table.query.conditions))}
    return places.get(text)


def _offered(column: Column, table: OpenTable) -> Iterator[Operator]:
    """Yield the operators of a column, without what could never find anything."""
    unoffered = set(UNOFFERED)
    if not table.selection.asker.identities:
        unoffered.add(Operator.ME)
    if not column.can_be_empty:
        unoffered |= {Operator.EMPTY, Operator.FILLED}
    yield from (each for each in ALLOWED[column.family] if each not in unoffered)


def _sent(parameters: QueryDict) -> list[str]:
    """Return the values that were written: in inputs of their own, or as lines."""
    lines = (each for text in parameters.getlist("lines") for each in text.splitlines())
    told = [*parameters.getlist("value"), *lines]
    return [each.replace("\x00", "").strip() for each in told]


def _of_condition(condition: Condition) -> tuple[str, Sequence[str]]:
    """Return what a form shows of a filter: who is one of several is told by name.

    It offers no text that is told instead of yes and no.
    """
    if condition.operator is Operator.SAME:
        return Operator.IS, condition.values[1:2]
    if condition.operator is Operator.TOLD:
        return Operator.IS, ()
    return condition.operator, condition.values


def _known(form: FilterForm) -> Known:
    """Return the values that the form offers to choose from."""
    if form.column.family is Family.BOOLEAN:
        return Known((YES, NO))
    if form.operator in EXACT | LISTS:
        return find_known(form.table.collection, form.column)
    return Known()


def _inputs(form: FilterForm, known: Known) -> dict[str, Any]:
    """Return the inputs that a column and an operator take."""
    operator, family = form.operator, form.column.family
    values = [known.offered(" ".join(each.split())) for each in form.values]
    if known.values and form.drawn not in {"", *EXACT, *LISTS}:
        # Part of a text is none of the choices.
        values = []
    if operator in WITHOUT_VALUE:
        return {}
    if operator in LISTS:
        return _list_inputs(values, known)
    filled = [each for each in values if each]
    if known.values and known.are_all and len(known.values) <= MOST_OPTIONS:
        offered = dict.fromkeys([*known.values, *filled[:1]])
        return {"choice": [(each, each in filled[:1]) for each in offered]}
    labels = PAIRS[family] if operator is Operator.BETWEEN else ("Value",)
    labels = ("Days",) if operator in COUNTED else labels
    given = [*values, "", ""]
    return {
        "fields": [
            {
                "id": f"value-{n}",
                "label": label,
                "value": _as_input(given[n], family, operator),
                **_look(family, operator),
            }
            for n, label in enumerate(labels)
        ],
        "suggested": known.values[:MOST_OPTIONS],
        "has_more_options": len(known.values) > MOST_OPTIONS,
    }


def _list_inputs(values: Sequence[str], known: Known) -> dict[str, Any]:
    """Return boxes to tick, and lines for what is not among them."""
    chosen = [each for each in values if each]
    if not known.values:
        written = {"lines": "\n".join(chosen), "has_lines": True}
        return {**written, "most_lines": LINES_LENGTH}
    first = known.values[:MOST_OPTIONS]
    # What is ticked is in view, also where the others have to be scrolled.
    offered = dict.fromkeys(
        [*first, *chosen] if len(first) <= IN_VIEW else [*chosen, *first]
    )
    has_more = len(known.values) > MOST_OPTIONS
    return {
        "boxes": [(each, each in chosen) for each in offered],
        "are_many": len(offered) > IN_VIEW,
        "has_lines": has_more or not known.are_all,
        "most_lines": LINES_LENGTH,
        "has_more_options": has_more,
    }


def _look(family: Family, operator: Operator) -> dict[str, Any]:
    """Return of which type an input is, and between which bounds."""
    if operator in COUNTED:
        return {"type": "number", "least": 1, "most": MOST_DAYS}
    if family is Family.DATE:
        return {"type": "date", **DAYS}
    # Amounts may have a currency, a unit or a sign, which no number input takes.
    mode = "decimal" if family is Family.NUMBER else ""
    return {"type": "text", "mode": mode, "length": MOST_LENGTH}


def _as_input(text: str, family: Family, operator: Operator) -> str:
    """Return a value as an input of its type takes it, empty where it cannot."""
    if family is Family.DATE and operator not in COUNTED:
        try:
            return str(date.fromisoformat(text))
        except ValueError:
            return ""
    is_number = text.isascii() and text.isdecimal()
    return text if operator not in COUNTED or is_number else ""


def _help(column: Column, operator: Operator) -> Iterator[str]:
    if column.kind == "percent" and operator not in WITHOUT_VALUE:
        yield "In percent, as it is shown."
    if column.kind == "duration" and operator not in WITHOUT_VALUE:
        yield "In seconds, or with a unit: 90 min, 2 h, 3 d."
    if column.family in LINKING and operator not in WITHOUT_VALUE:
        yield "The name of a linked item."
    if column.family in LINKING and operator in {Operator.CONTAINS, Operator.LACKS}:
        yield "Words that begin so are found."
    if operator in NEGATED - {Operator.FILLED}:
        yield f"Rows without {cut(column.label, 40)} are among them."
