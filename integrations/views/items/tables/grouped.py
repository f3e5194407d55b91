"""Show the groups of a table's rows: as rows with counts and sums, and as charts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.utils.safestring import SafeString

from integrations.models.messages.wording import RAW_ROWS, connector_text
from integrations.providers.typed.plain import plain
from integrations.services.items.tables import groups, listing
from integrations.services.items.tables.columns.values import (
    load_beside,
    singles_of,
    values_of,
)
from integrations.services.items.tables.opening import OpenTable
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
    ``grouping`` has them. A row with several values stands below the first.
    """
    query, selection = asked.query, asked.selection
    column = query.group
    if column is None or not query.is_by_group or not listing.is_in_order(selection):
        return rows
    told = {each["label"]: each for each in grouping.get("group_rows", ())}
    if column not in asked.shown:
        load_beside([row.item for row in rows], [column])
    headed: list[Row] = []
    last: str | None = None
    for row in rows:
        values = values_of(row.item, asked.collection, [column])
        value = values.get(column.id)
        parts = singles_of(value) if value is not None else ()
        label = plain(parts[0]) if parts else groups.label_of_none(column)
        heading = _heading(label, told.get(label), len(asked.shown))
        headed.append(row if label == last else replace(row, heading=heading))
        last = label
    return headed


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
    """Return the table of one group; among filters of which any holds it cannot be."""
    if query.match == "any" and len(query.conditions) > 1:
        return ""
    kept = (*query.conditions, group.condition)
    conditions = tuple(dict.fromkeys(kept))
    return query.change(group=None, conditions=conditions, match="all").url
