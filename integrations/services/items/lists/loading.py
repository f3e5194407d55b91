"""Load the rows of lists, without what lists do not show."""

from collections.abc import Sequence

from django.db.models import F, Prefetch, prefetch_related_objects

from integrations.models import Collection, Item
from integrations.services.items.search.search_query import Rank

COLUMNS = (
    "uuid",
    "name",
    "sort_name",
    "type",
    "provider",
    "connection_id",
    "collection_id",
    "parent_name",
    "parent_remote_id",
    "remote_url",
    "remote_updated_at",
    "remote_created_at",
    "is_update_noticed",
    "changed_at",
    "deleted_at",
    "deleted_kind",
)
# What passages are made of.
TEXTS = ("properties", "remote_id")


def by_keys(
    found: Sequence[tuple[int, Rank]], *, with_texts: bool = False
) -> list[Item]:
    """Return rows in the order of their keys, each with its rank.

    By keys alone: asked for the owner's as well, SQLite would read all of those. What
    passages are made of is read with them where there are few rows.
    """
    asked = Item.objects.only(*COLUMNS, *(TEXTS if with_texts else ()))
    if with_texts:
        asked = asked.annotate(kept_text=F("content__text"))
    rows = asked.in_bulk([key for key, _ in found])
    for key, rank in found:
        if key in rows:
            rows[key].rank = rank
    return [rows[key] for key, _ in found if key in rows]


def put_collections(
    items: Sequence[Item], collections: Sequence[Collection] = ()
) -> None:
    """Set what items belong to; what is not given is fetched.

    Without a join, which could mislead a planner.
    """
    known = {collection.pk: collection for collection in collections}
    for item in items:
        if item.collection_id in known:
            item.collection = known[item.collection_id]
            item.connection = item.collection.connection
    rest = [item for item in items if item.collection_id not in known]
    if rest:
        slim = Collection.objects.only("name", "connection_id")
        prefetch_related_objects(
            rest, "connection", Prefetch("collection", queryset=slim)
        )
