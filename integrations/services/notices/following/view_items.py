"""Items that a saved view shows to a user, as a condition on those that changed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.contrib.auth.models import User

from integrations.models import Collection, Connection, Item, SavedView
from integrations.models.items.item import ItemQuerySet
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError, ServiceError
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.saved_views import fitting
from integrations.services.items.saved_views.problems import Problem, find_problem
from integrations.services.items.search import full_text
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import SearchQuery
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.opening import asker_of
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery

BATCH = 2000


class NotReadyError(ServiceError):
    """A view is asked by an index that is still being built."""


class BrokenViewError(ServiceError):
    """What a view shows cannot be told: it would be too much, or we made a mistake.

    A mistake of ours has a ``reference``.
    """

    def __init__(self, problem: Problem, reference: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.reference = reference


def shown_among(view: SavedView, user: User, keys: Sequence[int]) -> list[int]:
    """Return which of a user's own items a view shows.

    Raises NotReadyError and BrokenViewError.
    """
    found: list[int] = []
    with asking(view):
        for items in _lists(view, user):
            for start in range(0, len(keys), BATCH):
                own = items.filter(pk__in=keys[start : start + BATCH], owner=user)
                found += own.values_list("pk", flat=True)
    return found


def all_shown(view: SavedView, user: User, *, most: int) -> set[int]:
    """Return the items that a view shows, not more than one above ``most``."""
    found: set[int] = set()
    for items in _lists(view, user):
        keys = items.order_by().values_list("pk", flat=True)
        found.update(keys[: most + 1 - len(found)])
    return found


@contextmanager
def asking(view: SavedView) -> Iterator[None]:
    """Turn a mistake of ours in one view into its own: others can still be told."""
    try:
        with connector_boundary("view", view=view.pk):
            yield
    except ConnectorError as exc:
        raise BrokenViewError(Problem.MISTAKE, exc.reference) from exc


def _lists(view: SavedView, user: User) -> Iterator[ItemQuerySet]:
    if view.is_of_all_items:
        yield _all_items(view, user)
        return
    for collection in fitting.find_collections(view, user):
        columns = typed_columns_of(collection)
        fitted = fitting.fit_table(view, collection, columns)
        query, problem = fitted.query, find_problem(fitted)
        if problem or not isinstance(query, TableQuery):
            raise BrokenViewError(problem or Problem.LOST)
        query = query.change(sort=None, group=None)
        found = indexes.prepare(collection, query.indexed)
        if found.building:
            raise NotReadyError
        selection = Selection.make(collection, query, found, asker_of(collection))
        problem = find_problem(fitted, selection)
        if problem:
            raise BrokenViewError(problem, selection.asker.mistake)
        yield selection.items()


def _all_items(view: SavedView, user: User) -> ItemQuerySet:
    connections = list(Connection.objects.owned_by(user))
    collections = list(Collection.objects.owned_by(user).without_schema())
    fitted = fitting.fit_items(view, user, connections, collections)
    query, problem = fitted.query, find_problem(fitted)
    if problem or not isinstance(query, ItemQuery):
        raise BrokenViewError(problem or Problem.LOST)
    items = Item.objects.owned_by(user)
    found = listing.select(
        items,
        query,
        collections,
        parent=items.filter(uuid=query.parent).first() if query.parent else None,
        linked_to=(
            items.filter(uuid=query.linked_to).first() if query.linked_to else None
        ),
    )
    if not query.search:
        return found
    search_query = with_related(SearchQuery.parse(query.search, owner_id=user.pk))
    hits = full_text.ask(search_query, found.order_by(*query.order.ordering))
    return hits.among(found)
