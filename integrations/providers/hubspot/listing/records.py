"""Read the records of one collection: pages of a list, batches, single ones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from integrations.http.client import ApiClient
from integrations.http.errors import Forbidden, NotFound
from integrations.http.responses.shape import expect_list, expect_object
from integrations.http.sending import urls
from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.api.paging import is_number, next_after
from integrations.providers.hubspot.listing.labels import LabelNames
from integrations.providers.hubspot.listing.schema import (
    fits_address,
    requested_properties,
)
from integrations.providers.hubspot.mapping.items import to_item
from integrations.providers.hubspot.mapping.links import (
    LINKS_CAPPED,
    LinkReader,
    Links,
    to_links,
    with_links,
)
from integrations.providers.hubspot.objects import get_object_type
from integrations.providers.kinds import Cut
from integrations.providers.listing import Rows, id_of, map_others, map_rows
from integrations.providers.records import IntegrationItem
from integrations.providers.typed.values import to_id

PAGE_SIZE = 100
BATCH_SIZE = 100
ID_ONLY = "hs_object_id"

T = TypeVar("T")
Linking = tuple[IntegrationItem, Links]


class Reader:
    """Read the records of one collection through one client.

    Rows are mapped one by one: an odd one is counted and costs the others nothing,
    while an odd page is an ``InvalidResponse``.

    When a portal has more properties than an address holds, lists and single reads
    tell ids and associations only, and the properties come by batch. ``cut`` says
    whether some record has more links than are kept.
    """

    def __init__(self, api: ApiClient, collection: CollectionContext) -> None:
        """Work out once what the calls for a page have in common."""
        self.api = api
        self.collection = collection
        self.kind = get_object_type(collection.remote_id)
        self.path = f"/crm/objects/{collection.version}/{self.kind.remote_id}"
        self.associations = self.kind.associations_for(collection.account.get("scopes"))
        self.properties = requested_properties(collection.schema, self.kind)
        self.needs_batch = not fits_address(self.properties)
        self.links = LinkReader(api, collection.version, self.kind.remote_id)
        self.cut: Cut | None = None

    def fetch_rows(
        self, after: str | None, *, archived: bool = False
    ) -> tuple[list[Any], str | None]:
        """Return the whole rows of one list page, and the next cursor.

        Archived ones tell their ids only.
        """

        def fetch() -> Any:
            return self.api.get(self.path, params=self._place(after, archived=archived))

        body = expect_object(self._without_lost_links(fetch), "list")
        rows, following = (
            expect_list(body.get("results"), "results"),
            next_after(body, after),
        )
        if archived:
            return rows, following
        return self.complete(rows), following

    def prefetch_rows(self, after: str | None) -> bool:
        """Send for a list page; one of each type of records may be under way."""
        return self.api.prefetch(
            self.path, params=self._place(after), lane=self.kind.remote_id
        )

    def fetch_one(self, remote_id: str) -> dict[str, Any] | None:
        """Return the row that an id leads to now, None when it leads nowhere.

        It may be a row of another id: merged records answer for each other. Like a
        listed row it has to be completed before it is mapped.
        """
        path = f"{self.path}/{urls.segment(remote_id)}"
        try:
            row = self._without_lost_links(
                lambda: self.api.get(path, params=self._wanted())
            )
        except NotFound:
            return None
        record = expect_object(row, "record")
        # Nothing that names no record says what became of one.
        to_id(record.get("id"))
        return record

    def fetch_batch(
        self,
        ids: Sequence[str],
        *,
        properties: Sequence[str] | None = None,
        history: Sequence[str] = (),
    ) -> list[Any]:
        """Return the rows of many ids; those that are not there are left out.

        Those of ``history`` come with their earlier values.
        """
        rows: list[Any] = []
        for start in range(0, len(ids), BATCH_SIZE):
            asked = ids[start : start + BATCH_SIZE]
            body = {
                "properties": list(properties or self.properties),
                "propertiesWithHistory": list(history),
                "inputs": [{"id": remote_id} for remote_id in asked],
            }
            answer = self.api.post(f"{self.path}/batch/read", json=body, is_read=True)
            batch = expect_object(answer, "batch")
            rows += expect_list(batch.get("results"), "batch")
        return rows

    def fetch_links(self, ids: Sequence[str]) -> Mapping[str, Links]:
        """Return the associations of records, by record."""
        return self._without_lost_links(
            lambda: self.links.fetch(ids, self.associations)
        )

    def complete(self, rows: Sequence[object]) -> list[Any]:
        """Return listed rows with all properties; the bare id of what a batch lacks.

        A record that a list has just shown is not proven to be gone when a batch
        does not know it, and what the list told of it is too little to be stored
        over what is known: such a row counts as unreadable.
        """
        if not self.needs_batch:
            return list(rows)
        ids = [remote_id for row in rows if (remote_id := id_of(row))]
        # One id that is no number would make the whole batch a bad request.
        batch = self.fetch_batch([each for each in ids if is_number(each)])
        whole = {id_of(row): row for row in batch}
        return [_with_links_of(row, whole.get(id_of(row))) for row in rows]

    def map_listed(self, rows: Sequence[object]) -> Rows[IntegrationItem]:
        """Map rows that carry their associations; also count the unreadable.

        Those whose links had to be asked for follow not from their rows alone.
        """
        found = map_others(
            rows,
            self.collection,
            to_value=self._read_listed,
            to_item=lambda row: with_links(*self._read_listed(row)),
            beside=[each.to for each in self.associations],
        )
        asked = {item.id for item, links in found.mapped if _are_told_in_part(links)}
        return self._complete_links(found.following_from_more(asked))

    def map_batch(
        self, rows: Iterable[object], links: Mapping[str, Links] | None
    ) -> Rows[IntegrationItem]:
        """Map rows of a batch, which carry no associations; ask for them if need be."""
        found = map_rows(rows, lambda row: to_item(row, self.collection))
        if links is None:
            links = self.fetch_links([item.id for item in found.mapped])
        pairs = [(item, links[item.id]) for item in found.mapped]
        return self._complete_links(found.with_mapped(pairs))

    def _read_listed(self, record: dict[str, Any]) -> Linking:
        links = to_links(record, self.associations)
        return to_item(record, self.collection), links

    def _complete_links(self, found: Rows[Linking]) -> Rows[IntegrationItem]:
        """Ask for links that were told in part: a call that fails fails the page.

        A list tells of a label by a name that no user knows; batches tell it in words.
        """
        labels = self._fetch_labels({item.id: links for item, links in found.mapped})
        items = [
            self._with_links(item, {**links, **labels.get(item.id, {})})
            for item, links in found.mapped
        ]
        return found.with_mapped(items)

    def _fetch_labels(self, listed: Mapping[str, Links]) -> Mapping[str, Links]:
        """Return the associations of which a list told labels by internal names."""
        found: dict[str, Links] = {}
        for association in self.associations:
            to = association.to
            named = {
                key: links[to]
                for key, links in listed.items()
                if to in links and links[to].names
            }
            if named:
                names = LabelNames(self.api, self.path, to)
                for key, each in names.label(named, self.links, association).items():
                    found[key] = {**found.get(key, {}), to: each}
        return found

    def _with_links(self, item: IntegrationItem, links: Links) -> IntegrationItem:
        whole = self.links.complete(item.id, links, self.associations)
        if any(linked.is_partial for linked in whole.values()):
            self.cut = LINKS_CAPPED
        return with_links(item, whole)

    def _without_lost_links(self, fetch: Callable[[], T]) -> T:
        """Fetch, and once more without the associations that were just refused.

        A scope can be withdrawn from a living grant. What it opened is lost then,
        but not the records that were only shown together with it.
        """
        try:
            return fetch()
        except Forbidden as exc:
            refused = set(exc.missing_scopes)
            kept = tuple(a for a in self.associations if a.scope not in refused)
            if self.kind.scope in refused or kept == self.associations:
                raise
            self.associations = kept
        return fetch()

    def _place(self, after: str | None, *, archived: bool = False) -> dict[str, Any]:
        """Return the parameters of a list page."""
        wanted = {"properties": ID_ONLY} if archived else self._wanted()
        return {"limit": PAGE_SIZE, "after": after, "archived": archived, **wanted}

    def _wanted(self) -> dict[str, str]:
        names = ID_ONLY if self.needs_batch else ",".join(self.properties)
        wanted = {"properties": names}
        if self.associations:
            wanted["associations"] = ",".join(each.to for each in self.associations)
        return wanted


def _with_links_of(listed: object, whole: object) -> object:
    """Return a batch's row with the associations, which only the list tells."""
    if not isinstance(listed, dict):
        return None
    if not isinstance(whole, dict):
        return {"id": listed.get("id")}
    return {**whole, "associations": listed.get("associations")}


def _are_told_in_part(links: Links) -> bool:
    return any(linked.names or linked.is_partial for linked in links.values())


def is_living(row: object) -> bool:
    """Tell whether a row says of itself that it is not archived."""
    return isinstance(row, dict) and row.get("archived") is False
