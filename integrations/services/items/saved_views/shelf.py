"""The views of one list: the user's own, and the one that is open."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Connection, Follow, SavedView
from integrations.models.items.saved_view import SavedViewQuerySet
from integrations.services.common.database.prepared import prepared
from integrations.services.items.lists.query import ALL_VIEW, ItemQuery
from integrations.services.items.saved_views import fitting
from integrations.services.items.saved_views.fitting import Fitted
from integrations.services.items.tables.columns.columns import Columns
from integrations.services.items.tables.columns.layouts import Layout
from integrations.services.items.tables.table_query import TableQuery

Query = TypeVar("Query", TableQuery, ItemQuery)


class Shelf(Struct, frozen=True, kw_only=True):
    """The user's views of a list by name, the default, and the one that is open.

    ``is_lost`` where the address names a view that this user cannot open here.
    """

    own: Sequence[SavedView] = ()
    default: Fitted | None = None
    current: Fitted | None = None
    is_lost: bool = False

    def adopt(self, query: Query) -> Query:
        """Return the query with the view that it can have.

        Where the list opens by a default view, other addresses say that they have none.
        """
        if self.is_lost:
            query = replace(query, view="")
        if self.default is not None and not query.view and query.parameters:
            return replace(query, view=ALL_VIEW)
        return query

    @property
    def left_out(self) -> Sequence[str]:
        """Return in words which of its filters the rows of the open view lack."""
        return self.current.left_out if self.current else ()

    def layout(self, chosen: Layout) -> Layout:
        """Return the columns of the open view, or else those that the user chose.

        How wide those of a view are is told by its address, as how it is sorted.
        """
        if self.current is None:
            return chosen
        taken = self.current.snapshot
        return Layout(columns=taken.columns, density=taken.density)


def of_table(user: User, collection: Collection, columns: Columns, view: str) -> Shelf:
    """Return the views of one collection."""
    if not view and not getattr(collection, "has_views", True):
        return Shelf()
    return _read(
        user,
        _rows(user, SavedView.objects.of_collection(collection), view),
        view,
        fits=lambda found: fitting.can_show(found, collection),
        fit=lambda found: fitting.fit_table(found, collection, columns),
    )


def of_items(
    user: User,
    connections: Sequence[Connection],
    collections: Sequence[Collection],
    view: str,
) -> Shelf:
    """Return the views of the list over everything."""
    of_list = SavedView.objects.of_all_items()
    is_named = view not in ("", ALL_VIEW)
    return _read(
        user,
        _rows(user, of_list, view) if is_named else _own_of_items(user.pk),
        view,
        fits=lambda found: found.is_of_all_items,
        fit=lambda found: fitting.fit_items(found, user, connections, collections),
    )


def _rows(user: User, of_list: SavedViewQuerySet, view: str) -> list[SavedView]:
    """Return the user's own views of a list, and the one that is named."""
    rows = of_list.filter(owner=user)
    if view not in ("", ALL_VIEW):
        rows |= SavedView.objects.filter(pk=view, owner=user)
        rows |= SavedView.objects.filter(pk=view, is_shared=True)
    return list(_ordered(rows, user.pk))


@prepared(SavedView)
def _own_of_items(owner: int) -> "QuerySet[SavedView]":
    rows = SavedView.objects.of_all_items().filter(owner_id=owner)
    return _ordered(rows, owner)


def _ordered(rows: "QuerySet[SavedView]", owner: int) -> "QuerySet[SavedView]":
    """Return views by name, with ``is_followed``: whether the user follows them."""
    follows = Follow.objects.filter(owner_id=owner, view=OuterRef("pk"))
    return rows.annotate(is_followed=Exists(follows)).order_by("name", "pk")


def _read(
    user: User,
    found: Sequence[SavedView],
    view: str,
    *,
    fits: Callable[[SavedView], bool],
    fit: Callable[[SavedView], Fitted],
) -> Shelf:
    """Sort out the user's own views of a list, and the one that is named."""
    named = "" if view == ALL_VIEW else view
    current = next((v for v in found if str(v.pk) == named and fits(v)), None)
    own = [each for each in found if each.owner_id == user.pk and fits(each)]
    default = next((each for each in own if each.is_default), None)
    return Shelf(
        own=own,
        default=fit(default) if default else None,
        current=fit(current) if current else None,
        is_lost=bool(named) and current is None,
    )
