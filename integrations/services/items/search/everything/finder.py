"""Find the best of each type of items that a search names, and count all of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import counting
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import Condition
from integrations.services.items.search.everything import at_once
from integrations.services.items.search.everything.at_once import Held
from integrations.services.items.search.full_text import Hits
from integrations.services.items.search.search_query import Rank, SearchQuery

# In names words are rare enough to ask the index for them at once.
NAMED = (Rank.NAME, Rank.NAME_BEGINS, Rank.IN_NAME)

Best: TypeAlias = list[tuple[int, Rank]]


@dataclass(frozen=True)
class _Look:
    """What the first rows of a type hold.

    ``ends`` is how many were read of each part of its list.
    """

    held: tuple[Held, ...] = ()
    ends: tuple[int, int] = (0, 0)
    has_ended: bool = False

    def then(self, known: list[Held], unknown: list[Held], step: int) -> "_Look":
        """Return it with the next rows, those of known times first."""
        rows = [*known, *unknown][:step]
        return _Look(
            held=(*self.held, *(row for row in rows if row.rank is not None)),
            ends=(
                self.ends[0] + len(known),
                self.ends[1] + len(rows) - len(known),
            ),
            has_ended=len(rows) < step,
        )

    def keys(self, rank: Rank) -> list[int]:
        """Return those that hold a rank."""
        return [row.key for row in self.held if row.rank == rank]


class Finder:
    """Looks for what a user searches for, among their live items of some types.

    Where the index finds few, these are all, and their texts tell their ranks. Where
    there are many, it is asked for those of names, and for the others the first rows
    of each type are looked at. The index is asked for what these lack, if anything.
    """

    def __init__(
        self,
        search_query: SearchQuery,
        condition: Condition,
        live: ItemQuerySet,
        types: Sequence[str],
    ) -> None:
        """Ask the index, and look at the first rows where it finds many.

        The ``condition`` is that of all which is found.
        """
        self._live, self._condition = live, condition
        ranked = {rank: search_query.ranked(rank) for rank in Rank}
        self._ranked = {rank: each for rank, each in ranked.items() if each}
        self._rank = at_once.rank_of(self._ranked, condition)
        ordered = live.order_by(*ItemQuery().order.ordering)
        named = [rank for rank in NAMED if rank in self._ranked]
        self._whole, hits = at_once.ask_whole(
            condition, [self._ranked[rank] for rank in named], ordered
        )
        few = {r: each for r, each in zip(named, hits, strict=True) if each.are_few}
        # Ranks of which all is known, whatever the type.
        self._sure = {*few, *(rank for rank in Rank if rank not in self._ranked)}
        keys = {key for each in few.values() for key in each.keys}
        if self._whole.are_few:
            self._sure, keys, types = set(Rank), set(self._whole.keys), ()
        self._looks = {type_: _Look() for type_ in types}
        self._known: dict[tuple[str, Rank], list[int]] = {}
        self._begin(keys)
        self._first_looks = dict(self._looks)

    def _begin(self, keys: set[int]) -> None:
        """Read the rows that the index told of, and look at the first of each type."""
        some = set(self._whole.keys[: counting.SOME])
        told = full_text.with_keys(
            self._live.order_by(*at_once.latest()), list(keys | some)
        )
        rows = self._look(list(self._looks), full_text.STEPS[0], told)
        for row in rows:
            if row.rank is not None and row.rank in self._sure:
                place = (row.type, Rank(row.rank))
                self._known.setdefault(place, []).append(row.key)
        self._some = Counter(row.type for row in rows if row.key in some)

    def find(self, most: int) -> dict[str, Best]:
        """Return the best of each type of which anything is found, up to so many."""
        self._look_on(most)
        asked = [
            (type_, rank)
            for type_ in self._missing(most)
            for rank in self._unsure(type_, most)
        ]
        wanted = [
            (self._ranked[rank], self._live.filter(type=type_)) for type_, rank in asked
        ]
        self._known |= zip(asked, at_once.first_each(wanted, most), strict=True)
        types = {*self._looks, *(type_ for type_, _ in self._known)}
        found = {type_: self._best(type_, most)[0] for type_ in sorted(types)}
        return {type_: best for type_, best in found.items() if best}

    def count(self, *, is_small: bool) -> dict[str, Count]:
        """Return how many there are of each type, where that is quick to say."""
        if self._whole.are_few:
            types = Counter(
                type_ for (type_, _), keys in self._known.items() for _ in keys
            )
            return {type_: Count(number=number) for type_, number in types.items()}
        counts: dict[str, Count] = {}
        left = {type_ for type_, _ in self._known}.difference(self._looks)
        for type_, look in self._first_looks.items():
            number = len(look.held)
            if look.has_ended:
                counts[type_] = Count(number=number)
            elif number >= full_text.ENOUGH and not is_small:
                counts[type_] = _more_than(number)
            else:
                left.add(type_)
        if left and not is_small:
            some = self._some or self._ask_some()
            much = [each for each in left if some[each] >= counting.ENOUGH]
            counts |= {type_: _more_than(some[type_]) for type_ in much}
        exact = sorted(left.difference(counts))
        every = Hits(condition=self._condition, keys=[], are_few=False)
        rows = [every.among(self._live.filter(type=type_)) for type_ in exact]
        numbers = counting.count_each(rows, counting.COUNT_LIMIT) if rows else []
        return counts | dict(zip(exact, numbers, strict=True))

    def _ask_some(self) -> Counter[str]:
        """Return of which types some of what is found are, wherever it stands."""
        keys = full_text.keys_of(self._condition, most=counting.SOME)
        rows = full_text.with_keys(self._live, keys).order_by()
        return Counter(rows.values_list("type", flat=True))

    def _look_on(self, most: int) -> None:
        """Look at the next rows of types where those may hold what is missing."""
        looked, types = full_text.STEPS[0], list[str]()
        for type_, (rank, want) in self._missing(most).items():
            number = len(self._looks[type_].keys(rank))
            if not full_text.are_rare(number, want, looked):
                types.append(type_)
        self._look(types, full_text.STEPS[1])

    def _look(
        self, types: Sequence[str], step: int, *beside: ItemQuerySet
    ) -> list[Held]:
        """Look at the next rows of some types; return those of what stands beside."""
        parts = [
            part[end : end + step]
            for type_ in types
            for part, end in zip(
                at_once.in_order(self._live.filter(type=type_)),
                self._looks[type_].ends,
                strict=True,
            )
        ]
        found = at_once.read_held([*parts, *beside], self._rank)
        for place, type_ in enumerate(types):
            known, unknown = found[2 * place : 2 * place + 2]
            self._looks[type_] = self._looks[type_].then(known, unknown, step)
        return [row for rows in found[len(parts) :] for row in rows]

    def _missing(self, most: int) -> dict[str, tuple[Rank, int]]:
        """Return of which types more has to be known: of which rank, and how many."""
        left = {type_: self._best(type_, most)[1] for type_ in self._looks}
        return {type_: missing for type_, missing in left.items() if missing}

    def _unsure(self, type_: str, most: int) -> list[Rank]:
        """Return the ranks that may be shown of a type and of which some are missing.

        Ranks behind so many keys that are known already are not shown.
        """
        unsure, number = list[Rank](), 0
        for rank in Rank:
            keys = self._keys(type_, rank, most)
            if keys is None:
                unsure.append(rank)
                keys = self._looks[type_].keys(rank)
            number += len(keys)
            if number >= most:
                break
        return unsure

    def _best(self, type_: str, most: int) -> tuple[Best, tuple[Rank, int] | None]:
        """Return the best of a type as far as is known, and what is missing."""
        best: Best = []
        for rank in Rank:
            want = most - len(best)
            keys = self._keys(type_, rank, want)
            if keys is None:
                return best, (rank, want)
            best += [(key, rank) for key in keys[:want]]
        return best, None

    def _keys(self, type_: str, rank: Rank, want: int) -> list[int] | None:
        """Return the first of a type and rank, None where so many may be missing."""
        is_told = rank in self._sure or (type_, rank) in self._known
        if is_told or type_ not in self._looks:
            return self._known.get((type_, rank), [])
        look = self._looks[type_]
        keys = look.keys(rank)
        return keys if len(keys) >= want or look.has_ended else None


def _more_than(number: int) -> Count:
    return Count(number=number // 10 * 10, is_more=True)
