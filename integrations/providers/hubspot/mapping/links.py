"""Read which records a record is associated with, whichever way they are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integrations.http.client import ApiClient
from integrations.http.responses.shape import expect_object, objects, optional_object
from integrations.http.sending import urls
from integrations.providers.hubspot.api.paging import next_after
from integrations.providers.hubspot.objects import Association
from integrations.providers.kinds import Cut, CutKind
from integrations.providers.listing import read_pages
from integrations.providers.records import IntegrationItem
from integrations.providers.stored import StoredItem
from integrations.providers.typed.values import to_id

LINKS_PER_PAGE = 500
# Ten thousand; beyond them the item and its collection say that there are more.
MAX_LINK_PAGES = 20
LINKS_CAPPED = Cut(kind=CutKind.LINKS_CAPPED, number=LINKS_PER_PAGE * MAX_LINK_PAGES)
PREFIX, HAS_MORE = "associations.", ".has_more"


@dataclass(frozen=True, kw_only=True)
class Linked:
    """List the records of one type that a record is associated with, sorted.

    ``is_partial`` says that HubSpot has more of them than it told.
    """

    ids: tuple[str, ...] = ()
    primary: str | None = None
    is_partial: bool = False


Links = Mapping[str, Linked]


def with_links(item: IntegrationItem, links: Links) -> IntegrationItem:
    """Return the item with its associations; its company becomes its parent.

    HubSpot's names for properties have no dot, so none can be mistaken for these.
    """
    changed = {
        "parent_id": _parent_of(links),
        "properties": {**item.properties, **_told(links)},
    }
    # At half the cost of ``dataclasses.replace``, for every row of every page.
    return IntegrationItem(**(vars(item) | changed))


def has_links(item: StoredItem, links: Links) -> bool:
    """Tell whether an item is stored with exactly these associations.

    Those that were told in part prove nothing.
    """
    if any(linked.is_partial for linked in links.values()):
        return False
    stored = item.properties
    is_same = all(stored.get(name) == ids for name, ids in _told(links).items())
    return is_same and item.parent_id == _parent_of(links)


def to_links(row: Mapping[str, Any], associations: Sequence[Association]) -> Links:
    """Return the associations in a listed row; a missing key means none."""
    told = optional_object(dict(row), "associations")
    links = {}
    for association in associations:
        found = optional_object(told, association.to)
        entries = objects(found, "results") if found else []
        pairs = [
            (to_id(entry.get("id")), entry.get("type") == association.primary_type)
            for entry in entries
        ]
        links[association.to] = _to_linked(pairs, found)
    return links


class LinkReader:
    """Ask for the associations of the records of one object type."""

    def __init__(self, api: ApiClient, version: str, kind_id: str) -> None:
        """Store what every call has in common."""
        self._api = api
        self._version = version
        self._from = kind_id

    def fetch(
        self, ids: Sequence[str], associations: Sequence[Association]
    ) -> Mapping[str, Links]:
        """Return the associations of up to 1,000 records, by record."""
        links: dict[str, dict[str, Linked]] = {remote_id: {} for remote_id in ids}
        for association in associations:
            found = self._fetch_batch(ids, association) if ids else {}
            for remote_id, linked in links.items():
                linked[association.to] = found.get(remote_id, Linked())
        return links

    def complete(
        self, remote_id: str, links: Links, associations: Sequence[Association]
    ) -> Links:
        """Return the links with those that were told in part asked for in full."""
        whole = dict(links)
        for association in associations:
            if whole[association.to].is_partial:
                whole[association.to] = self._fetch_one(remote_id, association)
        return whole

    def _fetch_batch(
        self, ids: Sequence[str], association: Association
    ) -> dict[str, Linked]:
        answer = self._api.post(
            f"/crm/associations/{self._version}/{self._from}/{association.to}"
            "/batch/read",
            json={"inputs": [{"id": remote_id} for remote_id in ids]},
            idempotent=True,
        )
        found = {}
        for result in objects(expect_object(answer, "associations"), "results"):
            source = to_id(optional_object(result, "from").get("id"))
            pairs = _to_pairs(objects(result, "to"), association)
            found[source] = _to_linked(pairs, result)
        return found

    def _fetch_one(self, remote_id: str, association: Association) -> Linked:
        path = (
            f"/crm/objects/{self._version}/{self._from}/{urls.segment(remote_id)}"
            f"/associations/{association.to}"
        )

        def fetch(after: str | None) -> tuple[list[tuple[str, bool]], str | None]:
            params = {"limit": LINKS_PER_PAGE, "after": after}
            body = expect_object(self._api.get(path, params=params), "associations")
            pairs = _to_pairs(objects(body, "results"), association)
            return pairs, next_after(body, after)

        pages, is_all = read_pages(fetch, most=MAX_LINK_PAGES)
        pairs = [pair for page in pages for pair in page]
        return replace(_to_linked(pairs, {}), is_partial=not is_all)


def _told(links: Links) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for to, linked in links.items():
        told[f"{PREFIX}{to}"] = list(linked.ids)
        if linked.is_partial:
            told[f"{PREFIX}{to}{HAS_MORE}"] = True
    return told


def _parent_of(links: Links) -> str | None:
    return links.get("companies", Linked()).primary


def _to_pairs(
    entries: Iterable[dict[str, Any]], association: Association
) -> list[tuple[str, bool]]:
    """Return each linked id with whether it is the primary one."""
    pairs = []
    for entry in entries:
        types = objects(entry, "associationTypes")
        is_primary = any(each.get("typeId") == association.primary_id for each in types)
        pairs.append((to_id(entry.get("toObjectId")), is_primary))
    return pairs


def _to_linked(pairs: Iterable[tuple[str, bool]], body: dict[str, Any]) -> Linked:
    """Sort and deduplicate: one pair comes once for each type that it carries."""
    known = set(pairs)
    ids = _sorted({remote_id for remote_id, _ in known})
    primary = _sorted({remote_id for remote_id, is_primary in known if is_primary})
    return Linked(
        ids=ids,
        primary=next(iter(primary or ids), None),
        is_partial=next_after(body, None) is not None,
    )


def _sorted(ids: Iterable[str]) -> tuple[str, ...]:
    """Sort ids as the numbers they are, without assuming that all are."""
    return tuple(sorted(ids, key=lambda each: (len(each), each)))
