"""Tell the list or page that an item was opened from, by its address."""

import re
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Item
from integrations.models.paths import path_of
from integrations.services.items.left_out import PLACES
from integrations.services.items.relations.traces import Trace
from integrations.views.access import UserRequest

UUID_PART = "([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
TABLE = re.compile(rf"/collections/{UUID_PART}/")
# Its own page, or one of what is done with it.
ITEM = re.compile(rf"/items/{UUID_PART}/((?:[a-z]+(?:-[a-z]+)*/)?)")
# A longer address is not carried along.
MOST_CARRIED = 1500
# The page that another item's page was opened from, in its address.
FROM = "in"


class Origin(Struct, frozen=True, kw_only=True):
    """A list, a table, a search or a page that an item was opened from.

    ``kind`` is one of the names in ``KINDS``, or empty for none of them.
    """

    kind: str = ""
    key: UUID | None = None
    path: str = ""
    query: str = ""

    @classmethod
    def parse(cls, address: str) -> "Origin":
        """Read an address, its host left aside; any other is none."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return cls()
        for kind, name in KINDS.items():
            if parts.path == reverse(f"integrations:{name}"):
                return cls(kind=kind, path=parts.path, query=parts.query)
        for kind, form in (("table", TABLE), ("item", ITEM)):
            if found := form.fullmatch(parts.path):
                return cls._of_one(kind, found, parts.query)
        return cls()

    @classmethod
    def _of_one(cls, kind: str, found: re.Match[str], query: str) -> "Origin":
        key, path = UUID(found[1]), found[0]
        if kind == "item" and found[2]:
            path = path.removesuffix(found[2])
            told = QueryDict(query).get(FROM, "")
            query = urlencode({FROM: told}) if told else ""
        return cls(kind=kind, key=key, path=path, query=query)

    @classmethod
    def of_item(cls, key: UUID) -> "Origin":
        """Return an item's own page."""
        return cls(kind="item", key=key, path=path_of("item-detail", key))

    def told(self, further: "Origin", **values: str) -> "Origin":
        """Return the page with what of it was clicked, and what it was opened from."""
        query = [urlencode(values), further.carried]
        return replace(self, query="&".join(part for part in query if part))

    @property
    def url(self) -> str:
        """Return the address itself."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def values(self) -> QueryDict:
        """Return the parameters of the address."""
        return QueryDict(self.query)

    @property
    def address(self) -> str:
        """Return what another page is told of it, empty where it is too long."""
        return QueryDict(self.carried).get(FROM, "")

    @property
    def carried(self) -> str:
        """Return what another address carries of it, empty where it is too long."""
        kept = QueryDict(self.query, mutable=True)
        # The page of a list that an item was on says nothing of the items beside it.
        for name in PLACES:
            kept.pop(name, None)
        text = urlencode({FROM: f"{self.path}?{kept.urlencode()}"})
        if len(text) > MOST_CARRIED and FROM in kept:
            text = urlencode({FROM: f"{self.path}?"})
        return text if self.path and len(text) <= MOST_CARRIED else ""

    @property
    def trace(self) -> Trace | None:
        """Return what a page of everything is about."""
        return Trace.parse(self.values.get("about", ""))


KINDS = {"list": "item-list", "search": "search", "everything": "everything"}


def read_origin(request: UserRequest) -> Origin:
    """Return where a page was opened from, by its address alone."""
    return Origin.parse(request.GET.get(FROM, "")[: 2 * MOST_CARRIED])


def origin_of(request: UserRequest, item: Item) -> Origin:
    """Return where the user came from to an item's page."""
    if request.GET.get(FROM):
        return _beyond(read_origin(request), item)
    referrer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referrer, {request.get_host()}):
        return Origin()
    return _beyond(Origin.parse(referrer), item)


def onward(origin: Origin | None, name: str, key: UUID, **values: str) -> str:
    """Return the address of a page about an item, which knows the way back too."""
    path = path_of(name, key)
    query = [urlencode(values), origin.carried if origin else ""]
    told = "&".join(part for part in query if part)
    return f"{path}?{told}" if told else path


def page_of(request: UserRequest, item: Item) -> str:
    """Return the address of an item's page after something was done with the item."""
    return onward(origin_of(request, item), "item-detail", item.uuid)


def _beyond(origin: Origin, item: Item) -> Origin:
    """Return where its own page was opened from, where that is what somebody left."""
    if origin.key != item.uuid:
        return origin
    further = Origin.parse(origin.values.get(FROM, ""))
    return Origin() if further.key == item.uuid else further
