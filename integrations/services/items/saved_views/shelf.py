"""The views of one list: the user's own, and the one that is open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from integrations.models import Collection, Connection, Follow, SavedView
from integrations.models.items.saved_view import SavedViewQuerySet
from integrations.services.items.lists.query import ALL_VIEW, ItemQuery
from integrations.services.items.saved_views import fitting
from integrations.services.items.saved_views.fitting import Fitted
from integrations.services.items.tables.columns.columns import Columns
from integrations.services.items.tables.columns.layouts import Layout
from integrations.services.items.tables.table_query import TableQuery

Query = TypeVar("Query", TableQuery, ItemQuery)


@dataclass(frozen=True, kw_only=True)
class Shelf:
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
    own = SavedView.objects.of_collection(collection)
    return _read(
        user,
        own,
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
    return _read(
        user,
        SavedView.objects.of_all_items(),
        view,
        fits=lambda found: found.is_of_all_items,
        fit=lambda found: fitting.fit_items(found, user, connections, collections),
    )


def _read(
    user: User,
    of_list: SavedViewQuerySet,
    view: str,
    *,
    fits: Callable[[SavedView], bool],
    fit: Callable[[SavedView], Fitted],
) -> Shelf:
    """Ask once for the user's own views of a list and for the one that is named.

    They tell, as ``is_followed``, whether the user follows them.
    """
    named = "" if view == ALL_VIEW else view
    rows = of_list.filter(owner=user)
    if named:
        rows |= SavedView.objects.filter(pk=named, owner=user)
        rows |= SavedView.objects.filter(pk=named, is_shared=True)
    follows = Follow.objects.filter(owner=user, view=OuterRef("pk"))
    rows = rows.annotate(is_followed=Exists(follows))
    found = list(rows.order_by("name", "pk"))
    current = next((v for v in found if str(v.pk) == named and fits(v)), None)
    own = [each for each in found if each.owner_id == user.pk and fits(each)]
    default = next((each for each in own if each.is_default), None)
    return Shelf(
        own=own,
        default=fit(default) if default else None,
        current=fit(current) if current else None,
        is_lost=bool(named) and current is None,
    )
