"""Find the best of each type of items that a search names, and count all of them."""

from collections import Counter
from collections.abc import Sequence
from math import inf
from typing import TypeAlias

from msgspec import Struct

from integrations.models import Collection
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
from integrations.services.items.types import types_in

Best: TypeAlias = list[tuple[int, Rank]]


class Look(Struct, frozen=True):
    """What the first rows of a type hold.

    ``ends`` is how many were read of each part of its list.
    """

    held: tuple[Held, ...] = ()
    ends: tuple[int, int] = (0, 0)
    has_ended: bool = False

    def then(self, known: list[Held], unknown: list[Held], step: int) -> "Look":
        """Return it with the next rows, those of known times first."""
        rows = [*known, *unknown][:step]
        return Look(
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

    @property
    def number(self) -> int:
        """Return how many rows were looked at."""
        return sum(self.ends)


class Finder:
    """Looks for what a user searches for, among their live items by type.

    Where the index finds few, these are all, and their texts tell their ranks. Where
    there are many, it is asked for those of names, and for the others the first rows
    of each type are looked at. The index is asked for what these lack, but not for
    more than can be looked up: of such words so many rows of a type are looked at, and
    no more, however many it has. ``cut`` tells of which types, and how many rows.
    """

    def __init__(
        self,
        search_query: SearchQuery,
        condition: Condition,
        live: ItemQuerySet,
        collections: Sequence[Collection],
    ) -> None:
        """Ask the index, and look at the first rows where it finds many.

        The ``condition`` is that of all which is found.
        """
        self._live, self._condition = live, condition
        self._stored = Counter[str]()
        for collection in collections:
            for type_ in types_in(collection):
                self._stored[type_] += collection.stored_count
        self._is_small = counting.stored_items(collections) <= counting.SMALL
        # The index finds deleted items as well: of a small account any number of them.
        self._limit = counting.EVERY if self._is_small else at_once.MOST_FOUND
        ranked = {rank: search_query.ranked(rank) for rank in Rank}
        self._ranked = {rank: each for rank, each in ranked.items() if each}
        self._rank = at_once.rank_of(self._ranked, condition)
        # Ranks of which all is known, whatever the type.
        self._sure = {rank for rank in Rank if rank not in self._ranked}
        keys = self._ask_first(search_query)
        types = [] if len(self._sure) == len(Rank) else sorted(self._stored)
        self._looks = {type_: Look() for type_ in types}
        self._known: dict[tuple[str, Rank], list[int]] = {}
        self._numbers = Counter[tuple[str, Rank]]()
        self.cut: dict[str, int] = {}
        self._begin(keys)
        self._first_looks = dict(self._looks)

    def _ask_first(self, search_query: SearchQuery) -> set[int]:
        """Ask the index for all and for names; return the keys of ranks that are few.

        All ranks are where all that is found is few.
        """
        # In names words are rare enough to ask the index for them at once.
        rare = search_query.rare
        # To put together the names of several words takes longer than to look them up.
        is_one = len(search_query.units) == 1
        whole, parts = at_once.ask_whole(
            self._condition,
            [*rare.values()],
            self._live.order_by(*ItemQuery().order.ordering),
            most=full_text.FEW if is_one else at_once.MOST_FOUND,
        )
        told = dict(zip(rare, parts, strict=True))
        held = {rank: each.keys for rank, each in told.items() if each.keys is not None}
        # Of names what the index told of more than a few, to be asked for no more.
        self._held = search_query.apart(held)
        names = search_query.in_names if search_query.is_plain else {}
        self._too_many = {rank for rank in names if told[rank].too_many}
        if whole.keys is not None:
            self._sure = set(Rank)
            return set(whole.keys)
        few = {rank for rank, keys in held.items() if len(keys) <= full_text.FEW}
        self._sure |= few
        return {key for rank in few for key in held[rank]}

    def _begin(self, keys: set[int]) -> None:
        """Read the rows that the index told of, and look at the first of each type."""
        told = full_text.with_keys(self._live.order_by(*at_once.latest()), list(keys))
        for row in self._look(list(self._looks), full_text.STEPS[0], told):
            if row.rank is not None and row.rank in self._sure:
                place = (row.type, Rank(row.rank))
                self._known.setdefault(place, []).append(row.key)
                self._numbers[place] += 1

    def find(self, most: int) -> dict[str, Best]:
        """Return the best of each type of which anything is found, up to so many."""
        self._look_on(most)
        self._ask_index(most)
        self._look_on(most, is_last=True)
        self.cut = {type_: self._looks[type_].number for type_ in self._missing(most)}
        types = {*self._looks, *(type_ for type_, _ in self._known)}
        found = {type_: self._best(type_, most)[0] for type_ in sorted(types)}
        return {type_: best for type_, best in found.items() if best}

    def count(self) -> dict[str, Count]:
        """Return how many there are of each type, where that is quick to say."""
        types = {*self._looks, *(type_ for type_, _ in self._numbers)}
        counts = {type_: self._count(type_) for type_ in sorted(types)}
        left = [type_ for type_, each in counts.items() if each.is_more]
        if not (self._is_small and left):
            return counts
        every = Hits(condition=self._condition, keys=[], are_few=False)
        rows = [every.among(self._live.filter(type=type_)) for type_ in left]
        numbers = counting.count_each(rows, counting.COUNT_LIMIT)
        return counts | dict(zip(left, numbers, strict=True))

    def _count(self, type_: str) -> Count:
        """Count what is known of a type; where not all is, there are more than that."""
        look = self._looks.get(type_, Look())
        if look.has_ended:
            return Count(number=len(look.held))
        first = len(self._first_looks.get(type_, look).held)
        if first >= full_text.ENOUGH:
            return Count.more_than(first)
        known = sum(self._numbers[type_, rank] for rank in self._sure)
        if len(self._sure) == len(Rank):
            number = min(known, counting.COUNT_LIMIT)
            return Count(number=number, is_more=known > number)
        known += sum(1 for row in look.held if row.rank not in self._sure)
        return Count.more_than(min(known, counting.COUNT_LIMIT + 1))

    def _ask_index(self, most: int) -> None:
        """Ask the index for ranks of which not all is known, as far as they are few.

        However many of worse ranks the first rows of a type hold, the best may be
        behind them.
        """
        asked, expected = dict[Rank, Condition](), 0.0
        for rank, condition in self._ranked.items():
            if rank in self._sure:
                continue
            expected += self._expected(rank)
            is_too_much = rank in self._too_many and not self._is_small
            if is_too_much or expected > self._limit:
                break
            asked[rank] = condition
        is_all = len(self._sure) + len(asked) == len(Rank)
        is_lacking = bool(self._missing(most))
        if not asked or not (is_lacking or (is_all and self._is_uncounted())):
            return
        answers = at_once.ask_ranks(
            asked, self._live, limit=self._limit, most=most, known=self._held
        )
        for rank, told in answers.items():
            self._sure.add(rank)
            for each in told:
                self._known.setdefault((each.type, rank), []).append(each.key)
                self._numbers[each.type, rank] = each.number

    def _expected(self, rank: Rank) -> float:
        """Return how many items have a rank if all are as the first rows are."""
        return sum(
            len(look.keys(rank)) * self._stored[type_] / look.number
            for type_, look in self._looks.items()
            if look.number
        )

    def _is_uncounted(self) -> bool:
        """Tell whether there is a type of which nobody knows how many there are."""
        types = {*self._looks, *(type_ for type_, _ in self._numbers)}
        is_few = any(self._holds(type_) < full_text.ENOUGH for type_ in types)
        return is_few and not self._is_small

    def _holds(self, type_: str) -> float:
        """Return how many the first rows of a type hold, endless where that is all."""
        look = self._looks.get(type_, Look())
        return inf if look.has_ended else len(look.held)

    def _look_on(self, most: int, *, is_last: bool = False) -> None:
        """Look at the next rows of types where those may hold what is missing."""
        step, types = full_text.STEPS[0], list[str]()
        for type_, (rank, want) in self._missing(most).items():
            look = self._looks[type_]
            is_rare = full_text.are_rare(len(look.keys(rank)), want, step)
            may_end = self._stored[type_] <= sum(full_text.STEPS)
            if look.number <= step and (is_last or may_end or not is_rare):
                types.append(type_)
        if types:
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
        if rank in self._sure or type_ not in self._looks:
            return self._known.get((type_, rank), [])
        look = self._looks[type_]
        keys = look.keys(rank)
        is_all = look.has_ended or type_ in self.cut
        return keys if len(keys) >= want or is_all else None
