"""Find what an item's page shows around it: what it is inside of, and what it holds."""

from collections.abc import Iterable, Sequence

from django.db import connection as database
from django.db.models import Exists, OuterRef, Q
from msgspec import Struct

from integrations.models import Collection, Item, ItemLink
from integrations.providers import CONNECTORS
from integrations.providers.kinds import DeletionKind
from integrations.services.items.lists.counting import COUNT_LIMIT, Count, count_up_to
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.relations.around import Around, linked_to
from integrations.services.items.relations.links import collections_beside
from integrations.services.items.types import child_types, parent_types, rival_types

MAX_DEPTH, MAX_CHILDREN = 12, 20
NOT_SHARED = "Something that is not shared with this connection"
NOT_READ = "Something that is not read yet, or not shared with this connection"


class Ancestry(Struct, frozen=True, kw_only=True):
    """The items that one is inside of, the outermost first, and what is above them.

    ``top_name`` is the provider's word for that, or what became of it.
    """

    breadcrumbs: Sequence[Item]
    top_name: str


class Child(Struct, frozen=True, kw_only=True):
    """An item inside of another, and the collection that it stands for, if any."""

    item: Item
    table: Collection | None


class Children(Struct, frozen=True, kw_only=True):
    """The first of the items inside of one, how many there are, and the list of all."""

    shown: Sequence[Child]
    count: Count
    url: str = ""


def find_merged_into(item: Item, around: Around) -> Item | None:
    """Return the stored item that this one was merged into, if it was."""
    if item.deleted_kind != DeletionKind.MERGED:
        return None
    return around.live.get((item.collection.remote_id, item.deleted_detail))


def find_ancestry(item: Item, around: Around) -> Ancestry:
    """Return what an item is inside of, as far as it is stored."""
    near = around.with_remote_id(item.parent_remote_id, parent_types(item))
    breadcrumbs: list[Item] = []
    parent = _choose(item, near)
    above = _fetch_ancestors(parent) if parent and parent.parent_remote_id else near
    top, candidates = item, near
    while parent and len(breadcrumbs) < MAX_DEPTH:
        breadcrumbs.insert(0, parent)
        top, candidates = parent, [each for each in above if each != parent]
        parent = _choose(top, candidates)
        if parent in (item, *breadcrumbs):
            break
    return Ancestry(breadcrumbs=breadcrumbs, top_name=_name_above(top, candidates))


def _choose(item: Item, candidates: Iterable[Item]) -> Item | None:
    """Return the live parent of an item; of several, the one of the told name."""
    found = [each for each in _parents(item, candidates) if not each.is_deleted]
    if len(found) > 1:
        found = [other for other in found if other.name == item.parent_name]
    return found[0] if found else None


def _parents(item: Item, candidates: Iterable[Item]) -> list[Item]:
    types = parent_types(item)
    return [
        each
        for each in candidates
        if each.remote_id == item.parent_remote_id and each.type in types
    ]


def _name_above(item: Item, candidates: Iterable[Item]) -> str:
    """Return the provider's word for the place, else what became of the parent."""
    if not item.parent_remote_id or item.parent_name:
        return item.parent_name
    parent = next(iter(_parents(item, candidates)), None)
    if parent is None:
        unread = Collection.objects.filter(
            connection=item.connection_id,
            is_selected=True,
            first_full_refresh_at__isnull=True,
        )
        return NOT_READ if unread.exists() else NOT_SHARED
    name = parent.name or "Untitled"
    return f"{name} ({parent.deleted_text})" if parent.is_deleted else name


def _fetch_ancestors(item: Item) -> list[Item]:
    """Return what may be above an item, level after level, in one statement.

    Deleted ones are among them, and all that have the id where that is not unique.
    """
    connector = CONNECTORS.get(item.provider)
    pairs = [
        (child, parent)
        for child, parents in (connector.parent_types if connector else {}).items()
        for parent in parents
    ]
    fitting = " OR ".join(["(up.type = %s AND p.type = %s)"] * len(pairs))
    within = f" AND ({fitting})" if pairs else ""
    has_uuids = database.features.has_native_uuid_field
    connection = item.connection_id if has_uuids else item.connection_id.hex
    # Every name in it is one of ours; the values are bound parameters.
    statement = (
        "WITH RECURSIVE up (id, type, parent, depth) AS ("
        " SELECT id, type, parent_remote_id, 0 FROM integrations_item WHERE id = %s"
        " UNION SELECT p.id, p.type, p.parent_remote_id, up.depth + 1"
        " FROM up JOIN integrations_item p ON p.collection_id IN"
        " (SELECT id FROM integrations_collection WHERE connection_id = %s)"
        " AND p.remote_id = up.parent"
        f" WHERE up.parent <> '' AND up.depth < %s{within})"
        " SELECT DISTINCT i.* FROM up JOIN integrations_item i ON i.id = up.id"
    )
    types = [each for pair in pairs for each in pair]
    parameters = (item.pk, connection, MAX_DEPTH, *types)
    return list(Item.objects.raw(statement, parameters))


def find_table(item: Item, collections: Iterable[Collection]) -> Collection | None:
    """Return the collection whose rows an item holds, if it stands for one.

    One that nobody has selected and that holds nothing is none.
    """
    connector = CONNECTORS.get(item.provider)
    if connector is None:
        return None
    name = connector.collection_of(
        item.type, item.remote_id, parent_id=item.parent_remote_id
    )
    if not name:
        return None
    found = next((each for each in collections if each.remote_id == name), None)
    is_there = found is not None and (found.is_selected or found.stored_count > 0)
    return found if is_there else None


def _is_linked(item: Item) -> Q:
    """Return the condition that another item names one by a link."""
    links = ItemLink.objects.filter(linked_to(item))
    if database.vendor == "sqlite":
        # Asked of each item, SQLite would go through all links to this one each time.
        return Q(pk__in=links.values("item"))
    return Q(Exists(links.filter(item=OuterRef("pk"))))


def find_children(item: Item, around: Around) -> Children:
    """Return the live items that name this one as their parent, and only so.

    What is linked with it as well is shown among its links.
    """
    connector = CONNECTORS.get(item.provider)
    # Not asked of each of the many thousands that may name a company.
    is_linked = connector is not None and connector.links_parents
    types = child_types(item)
    if is_linked or not types or not item.remote_id:
        return Children(shown=[], count=Count(number=0))
    rivals = Item.objects.live().filter(
        collection__in=collections_beside(item),
        remote_id=item.remote_id,
        type__in=rival_types(item),
    )
    children = (
        Item.objects.live()
        .filter(
            # Where an id alone names several, the name tells whose they are.
            Q(parent_name=item.name) | ~Exists(rivals.exclude(pk=item.pk)),
            connection=item.connection_id,
            # The index goes by type, so every type there is gets named.
            type__in=types,
            parent_remote_id=item.remote_id,
        )
        # As the index has it, which SQLite takes for nothing less.
        .exclude(parent_remote_id="")
        .exclude(_is_linked(item))
        .order_by("sort_name", "pk")
    )
    rows = list(children[: MAX_CHILDREN + 1])
    count, url = Count(number=len(rows)), ""
    if len(rows) > MAX_CHILDREN:
        count = count_up_to(children, COUNT_LIMIT)
        url = ItemQuery(parent=item.uuid).url
    tables = list(around.collections.values())
    shown = [Child(item=row, table=find_table(row, tables)) for row in rows]
    return Children(shown=shown[:MAX_CHILDREN], count=count, url=url)
