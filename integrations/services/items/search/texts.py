"""Make the text that an item is found by: what its page shows, shortest first."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from django.utils import timezone

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField, read_fields
from integrations.providers.typed import fields
from integrations.providers.typed.fields import Value, singles_of
from integrations.providers.typed.plain import plain
from integrations.providers.typed.values import to_zone
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe
from integrations.services.items.relations.links import MAX_LINKS
from integrations.services.items.search.datetimes import minute_word
from integrations.services.items.search.link_words import (
    link_word,
    of_type,
)
from integrations.services.items.search.words import (
    REPEATED_LENGTH,
    index_words,
    to_key,
)

# A higher one makes every item be indexed, and its links be read, again.
VERSION: Final = 4
# More than is kept of any value, cut mark and all, and of a page's own text.
VALUE_LENGTH: Final = 300_000
# PostgreSQL takes a megabyte for one item. Only the longest texts can lose by it,
# because they come last.
MOST_BYTES: Final = 900_000
# Of a property with more values than that, most are in one item only. Each takes about
# half a kilobyte, and each thread that syncs keeps up to so many of all.
MOST_VALUES: Final = 1000
MOST_KNOWN: Final = 10_000
# As many collections are read in turns.
MOST_INDEXERS: Final = 10
# Of longer lists hardly any is in two items.
FEW_TEXTS: Final = 4
# Stands for a value that is described anew each time.
UNKNOWN: Final = object()
AMOUNTS: Final = (fields.Number, fields.Money)
# What begins each word of a name, and the whole name as one word.
NAME_WORD, WHOLE_NAME = "§", "¶"


def owner_mark(owner_id: int) -> str:
    """Return what begins each word of an owner's items in the index.

    Words of one owner stand together in it, so that a search walks through them and
    through nobody else's: neither what is found nor how long that takes tells
    anything of others. No word has this sign, so no mark begins another owner's.
    """
    return f"{owner_id}¬"


class SearchText(NamedTuple):
    """A text that a page shows; ``also`` finds it too, in another spelling.

    So do the words of the times that it stands for.
    """

    label: str
    text: str
    also: str = ""
    is_phone: bool = False
    minutes: Sequence[str] = ()

    @property
    def words(self) -> Sequence[str]:
        """Return the words by which the text is found."""
        found = index_words(self.text[:VALUE_LENGTH], is_phone=self.is_phone)
        if self.minutes:
            found = (*found, *self.minutes)
        if self.also and self.also != self.text:
            return (*found, *index_words(self.also[:VALUE_LENGTH]))
        return found


class Found(NamedTuple):
    """The words of one text of an item, and how long that is."""

    length: int
    words: Sequence[str]


class _Room:
    """How many more values may be kept by the indexers that share it."""

    def __init__(self) -> None:
        self.left = MOST_KNOWN


class Indexer:
    """Make search texts of the items of one collection.

    Most values are in many of its items, and are described once.
    """

    def __init__(self, collection: Collection, room: _Room | None = None) -> None:
        """Keep values as far as there is ``room``, which others may share."""
        self.collection = collection
        self._schema = collection.schema
        self._account = collection.connection.account
        self._mark = owner_mark(collection.connection.owner_id)
        self._can_describe = True
        self._known: dict[str, dict[Any, tuple[Found, ...]]] = {}
        self._room = room or _Room()
        self._taken = 0

    def is_of(self, collection: Collection) -> bool:
        """Tell whether it was made for a collection that is described as now."""
        account = collection.connection.account
        return self._schema is collection.schema and self._account is account

    def give_back(self) -> None:
        """Leave to others the room that was taken."""
        self._room.left += self._taken
        self._taken = 0

    @cached_property
    def _absent(self) -> dict[str, None]:
        """Return the values that are shown when they are absent, as an empty box is."""
        absent = dict.fromkeys(s.name for s in read_fields(self.collection.schema))
        shown = {field.name for field in self._describe(absent)}
        return {name: None for name in absent if name in shown}

    @cached_property
    def _currencies(self) -> set[str] | None:
        """Return the properties that tell currencies, None where any one may do so."""
        specs = read_fields(self.collection.schema)
        amounts = (spec for spec in specs if spec.kind == "money")
        named = {spec.options.get(fields.CURRENCY_PROPERTY, "") for spec in amounts}
        return None if "" in named else named

    def text_of(
        self, item: Item, *, content: str = "", noted: Iterable[str] = ()
    ) -> str:
        """Return the words of a stored item; ``content`` is the text of its page."""
        return self.text(
            name=item.name,
            remote_id=item.remote_id,
            properties=item.properties,
            parent_id=item.parent_remote_id,
            content=content,
            noted=noted,
        )

    def text(
        self,
        *,
        name: str,
        remote_id: str,
        properties: Mapping[str, Any],
        parent_id: str = "",
        content: str = "",
        noted: Iterable[str] = (),
    ) -> str:
        """Return the words of an item, each once: its identity, links, then values.

        ``noted`` are those of its user's own columns.
        """
        found = self._find(properties)
        found.sort(key=itemgetter(0))
        in_name = index_words(name)
        words = chain(
            (f"{WHOLE_NAME}{to_key(name)}",),
            in_name,
            (f"{NAME_WORD}{word}" for word in in_name),
            index_words(remote_id),
            self._parent_words(parent_id),
            noted,
            chain.from_iterable(each.words for each in found),
            index_words(content[:VALUE_LENGTH]),
        )
        return self._marked(dict.fromkeys(words))

    def _marked(self, words: Iterable[str]) -> str:
        """Return words with the owner's mark, without the last ones where too long."""
        text = f"{self._mark}{f' {self._mark}'.join(words)}"
        if len(text) * 4 <= MOST_BYTES:
            return text
        cut = text.encode()[:MOST_BYTES].decode(errors="ignore")
        return cut if len(cut) == len(text) else cut.rpartition(" ")[0]

    def _find(self, properties: Mapping[str, Any]) -> list[Found]:
        found: list[Found] = []
        rest: dict[str, Any] = {}
        absent, kept = self._absent, self._known
        for name, value in ({**absent, **properties} if absent else properties).items():
            if value is None and name not in absent:
                continue
            key = value if type(value) is str else _key_of(value)
            known = kept[name].get(key) if name in kept else None
            if known is None:
                rest[name] = value
            else:
                found += known
        if rest:
            found += self._describe_rest(rest, properties)
        return found

    def _describe_rest(
        self, rest: Mapping[str, Any], properties: Mapping[str, Any]
    ) -> Iterator[Found]:
        """Describe values by themselves, amounts beside the currency they hang on."""
        found: dict[str, list[DisplayField]] = {name: [] for name in rest}
        amounts: set[str] = set()
        named = properties if self._currencies is None else self._currencies
        beside = {n: properties[n] for n in named if n in properties and n not in rest}
        for field in self._describe({**rest, **beside} if beside else rest):
            if field.name in beside:
                continue
            found.setdefault(field.name, []).append(field)
            if isinstance(field.value, fields.Money):
                amounts.add(field.name)
        for name, value in rest.items():
            texts = tuple(self._found_in(found[name]))
            if name not in amounts:
                self._keep(name, value, texts)
            yield from texts

    def _keep(self, name: str, value: object, texts: tuple[Found, ...]) -> None:
        """Keep the words of a value that other items may have, as far as there is room.

        Nothing is dropped for it: what is frequent has mostly come among the first, and
        what has no place is described anew each time.
        """
        if self._room.left <= 0 or not _is_short(value):
            return
        kept = self._known.setdefault(name, {})
        if len(kept) < MOST_VALUES:
            kept[_key_of(value)] = texts
            self._room.left -= 1
            self._taken += 1

    @cached_property
    def _parent_type(self) -> str:
        """Return the one type of what items belong to; a mere place has several."""
        connector = CONNECTORS.get(self.collection.connection.provider)
        known = connector.parent_types if connector else {}
        types = known.get(self.collection.item_type, ())
        return types[0] if len(types) == 1 else ""

    def _parent_words(self, remote_id: str) -> Iterator[str]:
        if remote_id and self._parent_type:
            yield self._link_word(of_type(self._parent_type), remote_id)

    def _found_in(self, described: Iterable[DisplayField]) -> Iterator[Found]:
        """Yield the words of each value; what it relates to is a word for each id."""
        for field in described:
            value = field.value
            for part in singles_of(value):
                if isinstance(part, fields.Relation):
                    within, ids = part.linked_collection, part.linked_ids[:MAX_LINKS]
                    yield Found(0, [self._link_word(within, each) for each in ids])
                else:
                    text = _to_text(field.label, part)
                    yield Found(len(text.text), text.words)

    def _link_word(self, collection: str, remote_id: str) -> str:
        return link_word(self.collection.connection_id, collection, remote_id)

    def _describe(self, properties: Mapping[str, Any]) -> Sequence[DisplayField]:
        """Describe values; after a mistake of ours, which is logged, raw ones do."""
        if self._can_describe:
            try:
                return describe(self.collection, properties)
            except ConnectorError:
                self._can_describe = False
        return describe_raw(properties, {})


def indexer_of(collection: Collection) -> Indexer:
    """Return the indexer of a collection, the same for the pages of one refresh."""
    indexer = _kept.by_key.get(collection.pk)
    if indexer is None or not indexer.is_of(collection):
        forget_indexer(collection)
        _make_room()
        indexer = _kept.by_key[collection.pk] = Indexer(collection, _kept.room)
    return indexer


def forget_indexer(collection: Collection) -> None:
    """Let go of this thread's indexer of a collection that was read."""
    if indexer := _kept.by_key.pop(collection.pk, None):
        indexer.give_back()


def forget_indexers() -> None:
    """Let go of this thread's indexers: what they keep is of use to one slice only."""
    _kept.by_key, _kept.room = {}, _Room()


def _make_room() -> None:
    """Let go of the oldest indexers as long as another one would find little room."""
    while oldest := next(iter(_kept.by_key.values()), None):
        is_roomy = _kept.room.left >= MOST_KNOWN // MOST_INDEXERS
        if is_roomy and len(_kept.by_key) < MOST_INDEXERS:
            return
        forget_indexer(oldest.collection)


class _Kept(threading.local):
    """The indexers of the collections that a thread reads, and the room they share."""

    def __init__(self) -> None:
        self.by_key: dict[UUID, Indexer] = {}
        self.room = _Room()


_kept = _Kept()


def _key_of(value: object) -> object:
    """Return what a value is known by: itself, or a list of texts as a tuple."""
    if value is None or type(value) is str:
        return value
    is_few = type(value) is list and len(value) <= FEW_TEXTS
    if is_few and all(type(each) is str for each in cast("list[object]", value)):
        return tuple(cast("list[str]", value))
    # Of others none is known: 1 and True are one key.
    return UNKNOWN


def _is_short(value: object) -> bool:
    """Tell whether a value may be one that other items have, too."""
    key = _key_of(value)
    texts = key if isinstance(key, tuple) else (key or "",)
    return key is not UNKNOWN and sum(map(len, texts)) <= REPEATED_LENGTH


def texts_of(described: Iterable[DisplayField]) -> Iterator[SearchText]:
    """Yield the texts among typed values; what they relate to has its own name.

    Times are in the zone of whoever looks.
    """
    zone = timezone.get_current_timezone()
    for field in described:
        value = field.value
        for part in singles_of(value):
            text = _to_text(field.label, part)
            if isinstance(part, fields.DateTime):
                text = text._replace(text=plain(part, zone=zone), also=text.text)
            yield text


def _to_text(label: str, value: Value) -> SearchText:
    if isinstance(value, fields.Relation):
        return SearchText(label, "")
    if isinstance(value, fields.DateTime):
        # The rest depends on whoever looks.
        words = [minute_word(at) for at in (value.at, value.end) if at]
        return SearchText(label, plain(_days_of(value)), minutes=words)
    is_phone = isinstance(value, fields.Phone)
    return SearchText(label, plain(value), _other_spelling(value), is_phone)


def _days_of(value: fields.DateTime) -> fields.Date:
    zone = to_zone(value.zone)
    first, last = value.at, value.end
    if zone is not None:
        first, last = first.astimezone(zone), last and last.astimezone(zone)
    return fields.Date(day=first.date(), end=last.date() if last else None)


def _other_spelling(value: Value) -> str:
    if isinstance(value, AMOUNTS):
        return f"{value.amount:f}"
    if isinstance(value, fields.User) and value.name:
        return value.email
    return value.url if isinstance(value, fields.Link) and value.label else ""
