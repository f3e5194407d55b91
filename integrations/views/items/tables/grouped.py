"""Show the groups of a table's rows: as rows with counts and sums, and as charts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.safestring import SafeString
from msgspec.structs import replace

from integrations.models.messages.wording import RAW_ROWS, connector_text
from integrations.providers.typed.fields import Value
from integrations.services.items.tables import groups, listing
from integrations.services.items.tables.columns.columns import Column
from integrations.services.items.tables.columns.values import (
    Key,
    load_beside,
    values_of,
)
from integrations.services.items.tables.opening import OpenTable
from integrations.services.items.tables.table_address import MOST_CONDITIONS
from integrations.services.items.tables.table_query import TableQuery
from integrations.templatetags.quick_html import format_html
from integrations.views.items.parts.values import show
from integrations.views.items.tables import charts
from integrations.views.items.tables.cells import Row

HEADING: Final = (
    '<tr class="group-head"><th scope="rowgroup" colspan="{}"><span><bdi>{}</bdi>'
    ' <span class="soft number">{}</span></span></th></tr>\n'
)


def make_context(
    asked: OpenTable, *, most_bars: int = charts.MOST_BARS
) -> dict[str, Any]:
    """Return the groups as rows and as charts of ``most_bars``, if rows are grouped."""
    query = asked.query
    if query.group is None or asked.selection.indexes.get(query.group) is None:
        return {"groups": None, "charts": []}
    found = groups.group(asked.selection, query.group, asked.shown)
    drawn, is_cut = charts.make_charts(found, most_bars=most_bars)
    return {
        "groups": found,
        "groups_mistake": found.mistake and connector_text(found.mistake, RAW_ROWS),
        "group_rows": [_group_row(query, found, each) for each in found.groups],
        "charts": drawn,
        "are_charts_cut": is_cut,
        "ungroup_url": query.change(group=None).url,
    }


def with_headings(
    rows: Sequence[Row], asked: OpenTable, grouping: Mapping[str, Any]
) -> Sequence[Row]:
    """Return rows in the order of their groups, the first of each below its heading.

    That names the group, with the number and the sums of all of its rows where
    ``grouping`` has them. A row with several values stands below the first. Rows that
    are sorted alike, as those of two users of one name, stand with their own group.
    """
    found = grouping["groups"]
    if found is None or not listing.is_in_order(asked.selection):
        return rows
    values = _values(rows, asked, found.column)
    keys = [each.key for each in found.groups]
    told = dict(zip(keys, grouping["group_rows"], strict=True))
    headed: dict[Key, list[Row]] = {}
    for row, place in zip(rows, found.places(values), strict=True):
        if place.key not in headed:
            group = told[place.group.key] if place.group else None
            heading = _heading(place.label, group, len(asked.shown))
            headed[place.key] = [replace(row, heading=heading)]
        else:
            headed[place.key].append(row)
    return [row for together in headed.values() for row in together]


def _values(
    rows: Sequence[Row], asked: OpenTable, column: Column
) -> list[Value | None]:
    """Return what rows have in the column that they are grouped by."""
    if column not in asked.shown:
        load_beside([row.item for row in rows], [column])
    return [
        values_of(row.item, asked.collection, [column]).get(column.id) for row in rows
    ]


def _heading(label: str, group: Mapping[str, Any] | None, width: int) -> SafeString:
    sums = [each for found in group["sums"] for each in found] if group else []
    counted = [f"{group['count']:,}", *sums] if group else []
    return format_html(HEADING, width, label, " · ".join(counted))


def _group_row(
    query: TableQuery, found: groups.Groups, group: groups.Group
) -> dict[str, Any]:
    ids = [column.id for column in found.summed]
    sums = [[show(value).text for value in group.sums.get(each, ())] for each in ids]
    unsummed = [group.unsummed.get(each, 0) for each in ids]
    return {
        "label": group.label,
        "count": group.count,
        "url": _url_of(query, group),
        "sums": sums,
        "cells": list(zip(sums, unsummed, strict=True)),
    }


def _url_of(query: TableQuery, group: groups.Group) -> str:
    """Return the table of one group, empty where there can be none.

    So it is among filters of which any holds, and beside as many as can be used.
    """
    if query.match == "any" and len(query.conditions) > 1:
        return ""
    kept = (*query.conditions, group.condition)
    conditions = tuple(dict.fromkeys(kept))
    if len(conditions) > MOST_CONDITIONS:
        return ""
    return query.change(group=None, conditions=conditions, match="all").url
