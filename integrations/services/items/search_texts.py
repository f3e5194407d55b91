"""Make the text that an item is found by: what its page shows, shortest first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from integrations.models import Collection
from integrations.providers import fields
from integrations.providers.fields import SEVERAL, Value
from integrations.providers.plain import plain
from integrations.providers.records import DisplayField
from integrations.providers.values import to_zone
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe, raw
from integrations.services.items.words import index_words, to_key

# A higher one makes every item be indexed again.
VERSION: Final = 2
# More than providers let a long text have, and all that is kept of a page's own.
VALUE_LENGTH: Final = 200_000
# PostgreSQL takes a megabyte for one item. Only the longest texts can lose by it,
# because they come last.
MOST_BYTES: Final = 900_000
# What begins each word of a name, and the whole name as one word.
NAME_WORD, WHOLE_NAME = "§", "¶"


class SearchText(NamedTuple):
    """A text that a page shows; ``also`` finds it too, in another spelling."""

    label: str
    text: str
    also: str = ""
    is_phone: bool = False

    @property
    def words(self) -> Sequence[str]:
        """Return the words by which the text is found."""
        found = index_words(self.text[:VALUE_LENGTH], is_phone=self.is_phone)
        if self.also and self.also != self.text:
            return (*found, *index_words(self.also[:VALUE_LENGTH]))
        return found


class Indexer:
    """Make search texts of the items of one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._can_describe = True

    def text(
        self,
        *,
        name: str,
        remote_id: str,
        properties: Mapping[str, Any],
        content: str = "",
    ) -> str:
        """Return the words of an item, each once: its identity, then its values."""
        texts = list(texts_of(self._describe(properties)))
        texts.sort(key=lambda each: len(each.text))
        in_name = index_words(name)
        words = dict.fromkeys((f"{WHOLE_NAME}{to_key(name)}", *in_name))
        words.update(dict.fromkeys(f"{NAME_WORD}{word}" for word in in_name))
        words.update(dict.fromkeys(index_words(remote_id)))
        for each in texts:
            words.update(dict.fromkeys(each.words))
        words.update(dict.fromkeys(index_words(content[:VALUE_LENGTH])))
        return _bounded(words)

    def _describe(self, properties: Mapping[str, Any]) -> Sequence[DisplayField]:
        """Describe values; after a mistake of ours, which is logged, raw ones do."""
        if self._can_describe:
            try:
                return describe(self._collection, properties)
            except ConnectorError:
                self._can_describe = False
        return raw(properties)


def _bounded(words: Iterable[str]) -> str:
    text = " ".join(words)
    if len(text) * 4 <= MOST_BYTES:
        return text
    cut = text.encode()[:MOST_BYTES].decode(errors="ignore")
    return cut if len(cut) == len(text) else cut.rpartition(" ")[0]


def texts_of(described: Iterable[DisplayField]) -> Iterator[SearchText]:
    """Yield the texts among typed values; what they relate to has its own name."""
    for field in described:
        value = field.value
        for part in value.values if isinstance(value, SEVERAL) else (value,):
            yield _to_text(field.label, part)


def _to_text(label: str, value: Value) -> SearchText:
    if isinstance(value, fields.Relation):
        return SearchText(label, "")
    if isinstance(value, fields.DateTime):
        # The time of day depends on whoever looks.
        return SearchText(label, plain(_days_of(value)))
    is_phone = isinstance(value, fields.Phone)
    return SearchText(label, plain(value), _other_spelling(value), is_phone)


def _days_of(value: fields.DateTime) -> fields.Date:
    zone = to_zone(value.zone)
    first, last = value.at, value.end
    if zone is not None:
        first, last = first.astimezone(zone), last and last.astimezone(zone)
    return fields.Date(
        day=first.date(), end=last.date() if last else None, style=value.style
    )


def _other_spelling(value: Value) -> str:
    if isinstance(value, fields.Number | fields.Money):
        return f"{value.amount:f}"
    if isinstance(value, fields.User) and value.name:
        return value.email
    return value.url if isinstance(value, fields.Link) and value.label else ""
