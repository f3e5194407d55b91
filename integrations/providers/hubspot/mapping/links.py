"""Read which records a record is associated with, whichever way they are told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.responses.shape import expect_object, objects, optional_object
from integrations.http.sending import urls
from integrations.providers.finding import PARENT, Parents, found_more
from integrations.providers.hubspot.api.paging import next_after
from integrations.providers.hubspot.objects import COMPANIES, Association
from integrations.providers.kinds import Cut, CutKind
from integrations.providers.listing import read_pages
from integrations.providers.records import IntegrationItem
from integrations.providers.stored import StoredItem
from integrations.providers.typed.values import to_id

LINKS_PER_PAGE = 500
# Ten thousand; beyond them the item and its collection say that there are more.
MAX_LINK_PAGES = 20
LINKS_CAPPED = Cut(kind=CutKind.LINKS_CAPPED, number=LINKS_PER_PAGE * MAX_LINK_PAGES)
PREFIX, HAS_MORE, LABELS = "associations.", ".has_more", ".labels"
# Of companies of which none is primary, as hardly ever, one is the parent all the same.
NO_PRIMARY = f"{PREFIX}{COMPANIES.remote_id}.no_primary"
# The category of the kinds of associations that every portal has.
HUBSPOT_DEFINED = "HUBSPOT_DEFINED"
# The category of the error that a batch names for a record without associations.
NOT_FOUND = "OBJECT_NOT_FOUND"


class Linked(Struct, frozen=True, kw_only=True):
    """List the records of one type that a record is associated with, sorted.

    ``labels`` are what the portal's users call some of these links, by id. Where a
    list told of them by internal names only, those are ``names``, by id. It
    ``is_partial`` where HubSpot has more of them than it told.
    """

    ids: tuple[str, ...] = ()
    primary: str | None = None
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_partial: bool = False


class Told(NamedTuple):
    """What a batch told of one linked record: a type of the association."""

    id: str
    is_primary: bool = False
    label: str = ""


Links = Mapping[str, Linked]
NONE = Linked()


def with_links(item: IntegrationItem, links: Links) -> IntegrationItem:
    """Return the item with its associations; its company becomes its parent.

    HubSpot's names for properties have no dot, so none can be mistaken for these.
    """
    properties = {**item.properties, **_told(links)}
    return replace(item, parent_id=_parent_of(links), properties=properties)


def has_links(item: StoredItem, links: Links) -> bool:
    """Tell whether an item is stored with exactly these associations.

    Those that were told in part prove nothing.
    """
    if any(linked.is_partial for linked in links.values()):
        return False
    stored, told = item.properties, _told(links)
    # One that was told no label may be stored with some.
    names = told.keys() | {f"{PREFIX}{to}{LABELS}" for to in links} | {NO_PRIMARY}
    is_same = all(stored.get(name) == told.get(name) for name in names)
    return is_same and item.parent_id == _parent_of(links)


def to_links(row: dict[str, Any], associations: Sequence[Association]) -> Links:
    """Return the associations in a listed row; a missing key means none."""
    told = optional_object(row, "associations")
    links = {}
    for association in associations:
        found = optional_object(told, association.to)
        links[association.to] = _listed(found, association) if found else NONE
    return links


def _listed(found: dict[str, Any], association: Association) -> Linked:
    """Read a list's entries, which name the label of a pair as no user knows it."""
    ids, primary, names = set(), set(), []
    for entry in objects(found, "results"):
        remote_id, kind = to_id(entry.get("id")), entry.get("type")
        ids.add(remote_id)
        if kind in association.plain_types:
            if kind == association.primary_type:
                primary.add(remote_id)
        elif isinstance(kind, str) and kind:
            names.append((remote_id, kind))
    return Linked(
        ids=_sorted(ids),
        primary=next(iter(_sorted(primary)), None),
        names=by_id(names),
        is_partial=next_after(found, None) is not None,
    )


def found_out(
    before: Mapping[str, Any], after: Mapping[str, Any], parents: Parents
) -> set[str]:
    """Return the associations that differ only in how many of them were told.

    Their labels, and the parent that a company is, follow them, unless what was told
    in part told them otherwise.
    """
    marked = [name for name in {**before, **after} if name.endswith(HAS_MORE)]
    names = [name.removesuffix(HAS_MORE) for name in marked]
    found = found_more(before, after, names, mark=HAS_MORE)
    follow = {f"{name}{HAS_MORE}" for name in found}
    follow |= {f"{n}{LABELS}" for n in found if _are_labels_same(n, *found[n])}
    companies = f"{PREFIX}{COMPANIES.remote_id}"
    if companies in found:
        part, whole = found[companies]
        parent = parents.before if whole is before else parents.after
        is_primary_told = part.get(companies) and not part.get(NO_PRIMARY)
        if not is_primary_told and parent not in part.get(companies, ()):
            follow |= {NO_PRIMARY, PARENT}
    return found.keys() | follow


def _are_labels_same(
    name: str, part: Mapping[str, Any], whole: Mapping[str, Any]
) -> bool:
    """Tell whether the links that both sides tell have the same labels."""
    one, other = (side.get(f"{name}{LABELS}") or {} for side in (part, whole))
    return all(one.get(each) == other.get(each) for each in part.get(name) or ())


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
                linked[association.to] = found[remote_id]
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
            is_read=True,
        )
        body = expect_object(answer, "associations")
        # Records without any are left out, and so are those that could not be read.
        absent = Linked(is_partial=_has_failed(body))
        found = dict.fromkeys(ids, absent)
        for result in objects(body, "results"):
            source = to_id(optional_object(result, "from").get("id"))
            told = list(_read_types(objects(result, "to"), association))
            found[source] = _to_linked(told, result)
        return found

    def _fetch_one(self, remote_id: str, association: Association) -> Linked:
        path = (
            f"/crm/objects/{self._version}/{self._from}/{urls.segment(remote_id)}"
            f"/associations/{association.to}"
        )

        def fetch(after: str | None) -> tuple[list[Told], str | None]:
            params = {"limit": LINKS_PER_PAGE, "after": after}
            body = expect_object(self._api.get(path, params=params), "associations")
            told = list(_read_types(objects(body, "results"), association))
            return told, next_after(body, after)

        pages, is_all = read_pages(fetch, most=MAX_LINK_PAGES)
        told = [each for page in pages for each in page]
        return replace(_to_linked(told, {}), is_partial=not is_all)


def _has_failed(body: dict[str, Any]) -> bool:
    """Tell whether a batch names errors other than that there is none."""
    errors = objects(body, "errors") if body.get("errors") else []
    return any(each.get("category") != NOT_FOUND for each in errors)


def _told(links: Links) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for to, linked in links.items():
        told[f"{PREFIX}{to}"] = list(linked.ids)
        if linked.labels:
            labels = {each: list(linked.labels[each]) for each in linked.labels}
            told[f"{PREFIX}{to}{LABELS}"] = labels
        if linked.is_partial:
            told[f"{PREFIX}{to}{HAS_MORE}"] = True
    companies = links.get(COMPANIES.remote_id, NONE)
    if companies.ids and companies.primary is None:
        told[NO_PRIMARY] = True
    return told


def _parent_of(links: Links) -> str | None:
    """Return the primary company, or the first where none is primary."""
    companies = links.get(COMPANIES.remote_id, NONE)
    return companies.primary or next(iter(companies.ids), None)


def _read_types(
    entries: Iterable[dict[str, Any]], association: Association
) -> Iterator[Told]:
    """Yield the types of each linked record; ordinary ones have no label."""
    for entry in entries:
        remote_id = to_id(entry.get("toObjectId"))
        yield Told(remote_id)
        for each in objects(entry, "associationTypes"):
            if _is_primary(each, association):
                yield Told(remote_id, is_primary=True)
            elif isinstance(each.get("label"), str):
                yield Told(remote_id, label=" ".join(each["label"].split()))


def _is_primary(kind: Mapping[str, Any], association: Association) -> bool:
    """Tell whether it is HubSpot's own type; ids are unique in a category only."""
    is_own = kind.get("category", HUBSPOT_DEFINED) == HUBSPOT_DEFINED
    return is_own and kind.get("typeId") == association.primary_id


def _to_linked(told: Sequence[Told], body: dict[str, Any]) -> Linked:
    """Sort and deduplicate: one pair comes once for each type that it carries."""
    primary = _sorted({each.id for each in told if each.is_primary})
    return Linked(
        ids=_sorted({each.id for each in told}),
        primary=next(iter(primary), None),
        labels=by_id((each.id, each.label) for each in told if each.label),
        is_partial=next_after(body, None) is not None,
    )


def by_id(texts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return texts by the id that each belongs to: each once, all sorted."""
    found: dict[str, list[str]] = {}
    for remote_id, text in sorted(set(texts)):
        found.setdefault(remote_id, []).append(text)
    return found


def _sorted(ids: Iterable[str]) -> tuple[str, ...]:
    """Sort ids as the numbers they are, without assuming that all are."""
    return tuple(sorted(ids, key=lambda each: (len(each), each)))
