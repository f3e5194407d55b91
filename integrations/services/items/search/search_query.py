"""Read what a user searches for: what has to be found, and how good a match is."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from django.utils import timezone
from msgspec import Struct

from integrations.services.items.search.conditions import (
    All,
    AnyOf,
    Condition,
    Except,
    Word,
    all_of,
)
from integrations.services.items.search.texts import (
    NAME_WORD,
    WHOLE_NAME,
    owner_mark,
)
from integrations.services.items.search.words import (
    WORD_LENGTH,
    Unit,
    query_units,
    to_key,
)

MAX_LENGTH = 200


class Rank(IntEnum):
    """Where the words of a search are found, best first."""

    NAME = 0
    NAME_BEGINS = 1
    IN_NAME = 2
    EXACT = 3
    ELSEWHERE = 4
    RELATED = 5


class SearchQuery(Struct, frozen=True, kw_only=True):
    """What a user searches for, among their own items: ``mark`` is of their words.

    ``links`` are added by ``related_names``.
    """

    units: tuple[Unit, ...]
    key: str
    mark: str
    # The words that stand for items whose names hold each of the units.
    links: tuple[tuple[str, ...], ...] = ()
    # Whether so many names hold one of the units that none of them was followed.
    has_more_links: bool = False

    @classmethod
    def parse(cls, text: str, *, owner_id: int) -> "SearchQuery":
        """Read what was typed; without a letter or digit it finds nothing.

        Days and times are those of whoever looks.
        """
        text = text[:MAX_LENGTH]
        units = tuple(query_units(text, timezone.get_current_timezone()))
        return cls(units=units, key=to_key(text), mark=owner_mark(owner_id))

    @property
    def condition(self) -> Condition | None:
        """Return what an item must hold to be found, None where nothing can be."""
        return all_of(self._wide_units, mark=self.mark) if self.units else None

    @property
    def _wide_units(self) -> tuple[Unit, ...]:
        """Return the units, each with the items that it names as other spellings."""
        links = self.links or ((),) * len(self.units)
        pairs = zip(self.units, links, strict=True)
        return tuple((*unit, *((word,) for word in own)) for unit, own in pairs)

    @property
    def in_names(self) -> dict[Rank, Word | All]:
        """Return what a name holds, by the ranks that no other item has."""
        key = f"{self.mark}{WHOLE_NAME}{self.key}"
        return {
            Rank.NAME: Word(key, is_whole=True),
            Rank.NAME_BEGINS: Word(key),
            Rank.IN_NAME: all_of(self.units, mark=f"{self.mark}{NAME_WORD}"),
        }

    @property
    def rare(self) -> dict[Rank, Condition]:
        """Return what items of some ranks hold at least, which few have as a rule."""
        links = self.links[0] if len(self.links) == 1 else ()
        held: dict[Rank, Condition] = {**self.in_names}
        if links:
            words = tuple(Word(f"{self.mark}{link}") for link in links)
            held[Rank.RELATED] = AnyOf(words)
        return held

    def apart(self, held: Mapping[Rank, Sequence[int]]) -> dict[Rank, set[int]]:
        """Return which items are of ranks of names, by all that hold ``rare`` ones.

        Only where nothing else decides: a better name holds what worse ones do.
        """
        found, better = dict[Rank, set[int]](), set[int]()
        for rank in self.in_names if self.is_plain else ():
            if rank not in held:
                break
            found[rank] = {*held[rank]} - better
            better |= found[rank]
        return found

    def ranked(self, rank: Rank) -> Condition | None:
        """Return the condition of one rank; the ranks share all that is found."""
        if not self.units:
            return None
        found = all_of(self.units, mark=self.mark)
        whole, begins, named = self.in_names.values()
        if rank is Rank.RELATED:
            wide = all_of(self._wide_units, mark=self.mark)
            own = AnyOf((found, named, begins))
            return Except(wide, own) if any(self.links) else None
        exact = self._exact
        if rank is Rank.EXACT:
            return exact and Except(exact, AnyOf((named, begins)))
        if rank is Rank.ELSEWHERE:
            better = (named, begins) if exact is None else (named, begins, exact)
            return Except(found, AnyOf(better))
        also = () if self.is_plain else (found,)
        if rank is Rank.IN_NAME:
            return Except(All((named, *also)), begins)
        if rank is Rank.NAME_BEGINS:
            return Except(All((begins, *also)), whole)
        return All((whole, *also))

    @property
    def _exact(self) -> Condition | None:
        """Return that the words are there as they were typed, and not their beginnings.

        One word alone may be in very many items; of addresses and numbers, and of
        several words, such items are few, and what was meant.
        """
        if len(self.units) == 1 and not any(map(str.isdigit, self.key)):
            return None
        return all_of(self.units, mark=self.mark, is_whole=True)

    @property
    def is_plain(self) -> bool:
        """Tell whether what begins so, or has these words in its name, is found.

        A number has other words than its digits, and a long key is cut.
        """
        has_digit = any(character.isdigit() for character in self.key)
        return not has_digit and len(self.key) < WORD_LENGTH
