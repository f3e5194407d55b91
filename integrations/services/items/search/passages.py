"""Find where in an item the words of a search stand, and mark them."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from django.utils import timezone
from msgspec import Struct

from integrations.models import Collection, Item
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe
from integrations.services.items.relations import links
from integrations.services.items.relations.links import Links
from integrations.services.items.search import own_words
from integrations.services.items.search.datetimes import written_days
from integrations.services.items.search.link_words import relations_of
from integrations.services.items.search.search_query import MAX_LENGTH
from integrations.services.items.search.texts import SearchText, texts_of
from integrations.services.items.search.words import (
    NUMBER,
    UNSPACED,
    Unit,
    fold_character,
    index_words,
    number_words,
    query_units,
)
from integrations.services.items.storage.contents import kept_texts

MOST_PASSAGES: Final = 2
BEFORE, AFTER = 40, 100
WINDOW: Final = 2000
# Whether a collection has own columns, where it knows.
HAS_OWN: Final = "has_own_columns"
ID_LABEL, CONTENT_LABEL = "Id there", "Text"

Span = tuple[int, int]


class Piece(Struct, frozen=True):
    """A part of a text, and whether it is what was searched for."""

    text: str
    is_match: bool = False


class Passage(Struct, frozen=True, kw_only=True):
    """A part of a value that was found, with the label of the value."""

    label: str
    pieces: Sequence[Piece]


def put_passages(
    items: Iterable[Item], text: str, known: Iterable[Collection] = ()
) -> None:
    """Set the marked name of each item, and passages for what is not in the name.

    ``known`` are collections that need not be fetched, with their connections.
    """
    units = query_units(text[:MAX_LENGTH], timezone.get_current_timezone())
    missing: dict[int, list[Unit]] = {}
    rows = list(items)
    for item in rows:
        found = index_words(item.name)
        in_name = [unit for unit in units if _spelling_in(unit, found)]
        item.name_pieces = _mark(item.name, _words_of(in_name, found))
        missing[item.pk] = [unit for unit in units if unit not in in_name]
    wanted = [item for item in rows if missing[item.pk]]
    left: list[_Left] = []
    for item, described, texts in _with_texts(wanted, known):
        item.passages, units_left = _passages(texts, missing[item.pk], MOST_PASSAGES)
        if units_left and len(item.passages) < MOST_PASSAGES:
            left.append(_Left(item, described, units_left))
    _put_linked_names(left)


class _Left(NamedTuple):
    """An item, and which units nothing of its own tells."""

    item: Item
    described: Sequence[DisplayField]
    units: list[Unit]


def _put_linked_names(left: Sequence[_Left]) -> None:
    """Add passages of the names of others, asked for where nothing else was found."""
    linked = links.find_each((each.item, each.described) for each in left)
    for item, described, units in left:
        names = _linked_names(described, linked[item.connection_id])
        most = MOST_PASSAGES - len(item.passages)
        item.passages = [*item.passages, *_passages(names, units, most)[0]]


def _with_texts(
    items: list[Item], known: Iterable[Collection]
) -> Iterator[tuple[Item, Sequence[DisplayField], Iterable[SearchText]]]:
    """Yield each item with its fields, and the texts of its own that its page shows."""
    stored, kept = _stored(items)
    keys = {item.collection_id for item in items}
    collections = {each.pk: each for each in known if each.pk in keys}
    if rest := keys - set(collections):
        asked = Collection.objects.select_related("connection")
        collections |= asked.in_bulk(rest)
    ids = [item.remote_id for item in stored.values()]
    # Of some it is known that nothing is noted beside their records.
    noting = [c for c in collections.values() if vars(c).get(HAS_OWN, True)]
    noted = own_words.find_texts(noting, ids)
    for item in items:
        collection = collections[item.collection_id]
        if item.pk in stored:
            here = stored[item.pk]
            own = noted.get(collection, {}).get(here.remote_id, ())
            content = SearchText(CONTENT_LABEL, kept.get(item.pk, ""))
            described = _described(here, collection)
            texts = _texts_of(here, described, [*own, content])
            yield item, described, texts


def _stored(items: list[Item]) -> tuple[Mapping[int, Item], Mapping[int, str]]:
    """Return the items with their properties, and the texts that are kept of them."""
    if all("kept_text" in vars(item) for item in items):
        known = {item.pk: vars(item)["kept_text"] or "" for item in items}
        return {item.pk: item for item in items}, known
    keys = [item.pk for item in items]
    asked = Item.objects.only("remote_id", "properties", "connection_id")
    return asked.in_bulk(keys), kept_texts(keys)


def _described(item: Item, collection: Collection) -> Sequence[DisplayField]:
    try:
        return describe(collection, item.properties, item=item.pk)
    except ConnectorError:
        return describe_raw(item.properties, {})


def _texts_of(
    item: Item, described: Sequence[DisplayField], beside: Iterable[SearchText]
) -> Iterator[SearchText]:
    yield SearchText(ID_LABEL, item.remote_id)
    yield from texts_of(described)
    yield from beside


def _linked_names(
    described: Sequence[DisplayField], linked: Links
) -> Iterator[SearchText]:
    """Yield the names of the items that an item's fields relate to."""
    for field in described:
        for relation in relations_of([field]):
            for other in linked.of(relation):
                yield SearchText(field.label, other.name)


def _passages(
    texts: Iterable[SearchText], units: list[Unit], most: int
) -> tuple[list[Passage], list[Unit]]:
    """Return passages for the first texts that hold any of what is left to find.

    Beside them stands what is left after these.
    """
    left, found = list(units), list[Passage]()
    for text in texts:
        words = text.words
        here = [unit for unit in left if _spelling_in(unit, words)]
        if here:
            found.append(_to_passage(text, _words_of(here, words)))
            left = [unit for unit in left if unit not in here]
        if not left or len(found) == most:
            break
    return found, left


def _spelling_in(unit: Unit, words: Sequence[str]) -> Sequence[str]:
    """Return the spelling of what is searched for that some words begin with."""
    for spelling in unit:
        if all(any(word.startswith(each) for word in words) for each in spelling):
            return spelling
    return ()


def _words_of(units: Iterable[Unit], words: Sequence[str]) -> list[str]:
    return [each for unit in units for each in _spelling_in(unit, words)]


def _to_passage(text: SearchText, words: Sequence[str]) -> Passage:
    """Cut a text around its first match; what only matches unseen is added to it."""
    shown = unicodedata.normalize("NFC", text.text)
    spans: list[Span] = []
    start = 0
    for start in range(0, max(len(shown), 1), WINDOW):
        spans = _spans(shown[start : start + WINDOW], words, is_phone=text.is_phone)
        if spans:
            break
    if not spans and any(each.startswith(tuple(words)) for each in text.minutes):
        start, spans = 0, [(0, len(shown))]
    if not spans:
        start = 0
        shown = f"{shown} ({text.also})" if text.also else shown
    first = start + spans[0][0] if spans else 0
    begin, end = max(0, first - BEFORE), first + AFTER
    spans = [(start + a - begin, start + b - begin) for a, b in spans]
    pieces = _pieces(shown[begin:end], spans)
    if begin:
        pieces.insert(0, Piece("…"))
    if end < len(shown):
        pieces.append(Piece("…"))
    return Passage(label=text.label, pieces=pieces)


def _mark(text: str, words: Sequence[str]) -> list[Piece]:
    shown = unicodedata.normalize("NFC", text)
    return _pieces(shown, _spans(shown, words))


def _pieces(text: str, spans: Iterable[Span]) -> list[Piece]:
    pieces, start = [], 0
    for begin, end in spans:
        pieces += [Piece(text[start:begin]), Piece(text[begin:end], is_match=True)]
        start = end
    pieces.append(Piece(text[start:]))
    return [piece for piece in pieces if piece.text]


def _spans(text: str, words: Sequence[str], *, is_phone: bool = False) -> list[Span]:
    """Return where in a text words begin that are searched for, in order, apart."""
    folded, origins = _fold_with_origins(text)
    found = [
        (origins[start], origins[start + len(word) - 1] + 1)
        for word in set(words)
        for start in _places(folded, word)
    ]
    for number in NUMBER.finditer(text):
        spelled = number_words(number, is_phone=is_phone)
        if any(each.startswith(word) for each in spelled for word in words):
            found.append(number.span())
    found += (span for day, span in written_days(text) if day.startswith(tuple(words)))
    return _joined(found)


def _fold_with_origins(text: str) -> tuple[str, list[int]]:
    """Return a folded text, and of each of its characters where it came from."""
    folded, origins = [], []
    for place, character in enumerate(text):
        typed = fold_character(character)
        folded.append(typed)
        origins += [place] * len(typed)
    return "".join(folded), origins


def _places(folded: str, word: str) -> Iterator[int]:
    """Yield where a word begins: after a space, or in a script that has none."""
    start = folded.find(word)
    while start >= 0:
        before = folded[start - 1 : start]
        if not before.strip() or UNSPACED.match(before) or UNSPACED.match(word):
            yield start
        start = folded.find(word, start + 1)


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
