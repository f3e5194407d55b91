"""Show the groups of a table's rows: as rows with counts and sums, and as charts."""

from typing import Any

from integrations.models.messages.wording import RAW_ROWS, connector_text
from integrations.services.items.tables import groups
from integrations.services.items.tables.opening import OpenTable
from integrations.services.items.tables.table_query import TableQuery
from integrations.views.items.parts.values import show
from integrations.views.items.tables import charts


def make_context(asked: OpenTable) -> dict[str, Any]:
    """Return the groups as rows and as a chart, if rows are grouped."""
    query = asked.query
    if query.group is None or asked.selection.indexes.get(query.group) is None:
        return {"groups": None, "charts": []}
    found = groups.group(asked.selection, query.group, asked.shown)
    drawn, is_cut = charts.make_charts(found)
    return {
        "groups": found,
        "groups_mistake": found.mistake and connector_text(found.mistake, RAW_ROWS),
        "group_rows": [_group_row(query, found, each) for each in found.groups],
        "charts": drawn,
        "are_charts_cut": is_cut,
        "ungroup_url": query.change(group=None).url,
    }


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
