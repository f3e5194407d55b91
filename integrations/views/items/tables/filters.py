"""Filters of a table: those that are on, as words, and where to change and add them."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from integrations.models.paths import path_of
from integrations.services.items.tables.columns.columns import Column, Columns
from integrations.services.items.tables.conditions import SEPARATOR, write_line
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_address import ALL, ANY
from integrations.services.items.tables.table_query import TableQuery
from integrations.views.items.tables.drawing import draw_options

ToUrl = Callable[[TableQuery], str]
# Of more columns the page of a table has only a link to the choice of them.
MOST_OFFERED = 60


def make_context(
    selection: Selection,
    columns: Columns,
    *,
    to_url: ToUrl = attrgetter("url"),
    also: Sequence[tuple[str, str]] = (),
    choices_url: str = "",
) -> dict[str, Any]:
    """Return what the page shows of filters; those that are left out are off.

    More than ``MOST_OFFERED`` columns to group by are offered at ``choices_url``, if it
    is given.

    Another page than that of the table tells its address of a query by ``to_url``, and
    what ``also`` is part of that.
    """
    query = selection.query
    filter_url = _filter_url(query, also)
    glue = "&" if "?" in filter_url else "?"
    return {
        "linked": _linked(selection, to_url),
        "filter_url": filter_url,
        "conditions": [
            {
                "words": each.words,
                "edit_url": f"{filter_url}{glue}edit={place}",
                "remove_url": to_url(query.without(each)),
                "is_left_out": not selection.uses(each),
            }
            for place, each in enumerate(query.conditions)
        ],
        "matches": _matches(query, to_url) if len(query.conditions) > 1 else [],
        "clear_url": to_url(query.unfiltered),
        **_offer(columns, query, choices_url),
        "kept": _kept(query, also, without=()),
        "kept_but_search": _kept(query, also, without=("q",)),
        "kept_but_group": _kept(query, also, without=("group",)),
    }


def address_of_fields(parameters: QueryDict, collection: UUID) -> str:
    """Return the address of a table for one that has a filter in fields of its own.

    So the form of a filter was sent once, and addresses of then may have been kept. The
    second end of a range was ``until``. What makes no filter the table leaves out.
    """
    kept = parameters.copy()
    [column], [operator] = kept.pop("column")[-1:], kept.pop("operator")[-1:]
    told = [*kept.pop("value", []), *kept.pop("until", [])]
    values = [each for each in told if each]
    # The form took a line of several values in one field.
    text = write_line(values) if len(values) > 1 else "".join(values)
    kept.appendlist(f"{column}{SEPARATOR}{operator}", text)
    return f"{path_of('table', collection)}?{kept.urlencode()}"


def _filter_url(query: TableQuery, also: Sequence[tuple[str, str]]) -> str:
    """Return where a filter is added, and those that are on are changed."""
    path = path_of("table-filter", query.collection)
    told = urlencode([*query.change().parameters, *also])
    return f"{path}?{told}" if told else path


def _offer(columns: Columns, query: TableQuery, choices_url: str) -> dict[str, Any]:
    """Return the columns to group by, or where they are offered."""
    found = [column for column in columns.by_id.values() if column.can_group]
    if choices_url and len(found) > MOST_OFFERED:
        return {"choices_url": choices_url}
    chosen = query.group.id if query.group else ""
    return {"group_options": draw_options(_choices(found), chosen) if found else ""}


def _linked(selection: Selection, to_url: ToUrl) -> dict[str, str] | None:
    """Return the filter by a relation in words, and the table without it."""
    if selection.linked is None:
        return None
    without = selection.query.change(linked=None)
    return {"words": selection.linked.words, "remove_url": to_url(without)}


def _choices(columns: Sequence[Column]) -> list[dict[str, Any]]:
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
