"""Filters of a table: those that are on as words, and the form that adds one."""

from collections.abc import Callable, Container, Sequence
from operator import attrgetter
from typing import Any

from django.http import QueryDict

from integrations.services.items.tables.columns.columns import (
    LINKING,
    Column,
    Columns,
    Family,
)
from integrations.services.items.tables.operators import (
    ALLOWED,
    LABELS,
    NO,
    UNOFFERED,
    YES,
    Operator,
)
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_address import ALL, ANY
from integrations.services.items.tables.table_query import TableQuery
from integrations.views.items.tables.drawing import draw_options

ToUrl = Callable[[TableQuery], str]
MOST_OPTIONS = 200
# Of more columns the page of a table has only a link to the choice of them.
MOST_OFFERED = 60
SEVERAL_VALUES = "Several values for “is one of” are separated by commas."
INPUTS = {Family.DATE: "date", Family.NUMBER: "text"}


def make_context(
    selection: Selection,
    columns: Columns,
    parameters: QueryDict,
    *,
    to_url: ToUrl = attrgetter("url"),
    also: Sequence[tuple[str, str]] = (),
    choices_url: str = "",
) -> dict[str, Any]:
    """Return what the page shows of filters; those that are left out are off.

    More than ``MOST_OFFERED`` columns are offered at ``choices_url``, if it is given.

    Another page than that of the table tells its address of a query by ``to_url``, and
    what ``also`` is part of that.
    """
    query = selection.query
    chosen = columns.get(parameters.get("filter", ""))
    knows_me = bool(selection.asker.identities)
    unoffered = UNOFFERED if knows_me else UNOFFERED | {Operator.ME}
    if chosen and not columns.can_be_empty(chosen):
        unoffered |= {Operator.EMPTY, Operator.FILLED}
    return {
        "linked": _linked(selection, to_url),
        "conditions": [
            {
                "words": each.words,
                "remove_url": to_url(query.without(each)),
                "is_left_out": not selection.uses(each),
            }
            for each in query.conditions
        ],
        "matches": _matches(query, to_url) if len(query.conditions) > 1 else [],
        "clear_url": to_url(query.unfiltered),
        **_offer(columns, chosen, query, choices_url),
        "adding": _form(chosen, unoffered) if chosen else None,
        "cancel_url": to_url(query),
        "kept": _kept(query, also, without=()),
        "kept_but_search": _kept(query, also, without=("q",)),
        "kept_but_group": _kept(query, also, without=("group", "sort")),
    }


def _offer(
    columns: Columns, chosen: Column | None, query: TableQuery, choices_url: str
) -> dict[str, Any]:
    """Return the columns to filter and group by, or where they are offered."""
    if choices_url and len(columns.by_id) > MOST_OFFERED:
        return {"choices_url": choices_url}
    return {
        "filter_options": draw_options(
            _choices(columns.by_id.values()),
            chosen.id if chosen else "",
        ),
        "group_options": draw_options(
            _choices(c for c in columns.by_id.values() if c.can_group),
            query.group.id if query.group else "",
        ),
    }


def _linked(selection: Selection, to_url: ToUrl) -> dict[str, str] | None:
    """Return the filter by a relation in words, and the table without it."""
    if selection.linked is None:
        return None
    without = selection.query.change(linked=None)
    return {"words": selection.linked.words, "remove_url": to_url(without)}


def _choices(columns: Any) -> list[dict[str, Any]]:
    """Return columns for a select, in groups where the provider has some."""
    groups: dict[str, list[Column]] = {}
    for column in columns:
        groups.setdefault(column.group, []).append(column)
    return [{"label": label, "columns": own} for label, own in groups.items()]


def _matches(query: TableQuery, to_url: ToUrl) -> list[dict[str, Any]]:
    labels = {ALL: "all of them", ANY: "any of them"}
    return [
        {
            "label": label,
            "url": to_url(query.change(match=match)),
            "is_current": match == query.match,
        }
        for match, label in labels.items()
    ]


def _kept(
    query: TableQuery, also: Sequence[tuple[str, str]], *, without: Sequence[str]
) -> list[dict[str, str]]:
    """Return the parameters that a form takes along."""
    return [
        {"name": name, "value": value}
        for name, value in [*query.change().parameters, *also]
        if name not in without
    ]


def _form(column: Column, unoffered: Container[Operator]) -> dict[str, Any]:
    """Return the form that adds a filter, without what could never find anything."""
    operators = [
        {"value": str(each), "label": LABELS[each]}
        for each in ALLOWED[column.family]
        if each not in unoffered
    ]
    options = list(column.options[:MOST_OPTIONS])
    if column.family is Family.BOOLEAN:
        options = [YES, NO]
    return {
        "column": column,
        "operators": operators,
        "input": INPUTS.get(column.family, "text"),
        "options": options,
        "has_two": Operator.BETWEEN in ALLOWED[column.family],
        "is_date": column.family is Family.DATE,
        "help": _help(column),
        "has_more_options": len(column.options) > MOST_OPTIONS,
    }


def _help(column: Column) -> str:
    if column.family is Family.DATE:
        return "A day, or a number of days for the last and the next ones."
    if column.kind == "percent":
        return "In percent, as it is shown."
    if column.kind == "duration":
        return "In seconds, or with a unit: 90 min, 2 h, 3 d."
    if column.family in {Family.CHOICE, Family.USER}:
        return SEVERAL_VALUES
    if column.family in LINKING:
        told = "The name of a linked item; “contains” finds words that begin so."
        return f"{told} {SEVERAL_VALUES}"
    if column.family is Family.TEXT:
        return "Capitals do not matter. Long texts are compared by their beginning."
    return SEVERAL_VALUES if column.family is Family.NUMBER else ""
