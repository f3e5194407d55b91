"""Search everything a user has: the best of each type of items, and how many.

What is asked of every type, or of every rank, is one statement for all of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import F

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import counting, loading
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import Condition
from integrations.services.items.search.full_text import Held, Hits
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import Rank, SearchQuery
from integrations.services.items.types import types_in

MOST_SHOWN = 5

_Best = list[tuple[int, Rank]]


@dataclass(frozen=True, kw_only=True)
class TypeGroup:
    """The best items of one type, and the list and number of all of them."""

    type: str
    items: Sequence[Item]
    count: Count
    query: ItemQuery


@dataclass(frozen=True, kw_only=True)
class GroupedItems:
    """What a search finds, by type; too many names may be meant to follow them all."""

    groups: Sequence[TypeGroup]
    has_more_links: bool

    @property
    def count(self) -> Count:
        """Return how many items are found, of all types together."""
        counts = [group.count for group in self.groups]
        return Count(
            number=sum(each.number for each in counts),
            is_more=any(each.is_more for each in counts),
        )


class _Seen(NamedTuple):
    """What the first rows of a list hold: keys by rank, and those of all that is found.

    Where the list has ended these ``are_all``.
    """

    by_rank: Mapping[Rank, list[int]]
    found: list[int]
    looked: int
    are_all: bool


class _Finder:
    """Looks for what a user searches for, among ordered live items of some types."""

    def __init__(
        self, search_query: SearchQuery, ordered: ItemQuerySet, types: Sequence[str]
    ) -> None:
        self._condition = search_query.condition
        self._ordered = ordered
        hits = full_text.ask_each([search_query.ranked(rank) for rank in Rank])
        ranked = dict(zip(Rank, hits, strict=True))
        few = {rank: each for rank, each in ranked.items() if each.are_few}
        self._many = {rank: each for rank, each in ranked.items() if not each.are_few}
        self._ranks = {key: rank for rank, each in few.items() for key in each.keys}
        # The ranks share all that is found, so these are the first keys of all of it.
        found = sorted(key for each in hits for key in each.keys)
        self._some = set(found[: counting.SOME]) if self._many else set[int]()
        self._known, self._seen = self._begin(list(types) if self._many else [])
        # What the index finds whole may be of any type.
        told = {type_ for type_, rank in self._known if rank is not None}
        self._types = sorted({*types, *told})
        self._first_seen = dict(self._seen)

    def find(self, most: int) -> dict[str, _Best]:
        """Return the best of each type of which anything is found, up to so many."""
        told: dict[tuple[str, Rank], list[int]] = {}
        # After a second look, and what the index finds of all, nothing is missing.
        while missing := self._missing(most, told):
            on = [
                type_
                for type_, (rank, want) in missing.items()
                if self._can_look_on(self._seen[type_], rank, want)
            ]
            asked = [
                (type_, rank)
                for type_, (first, _) in missing.items()
                if type_ not in on
                for rank in self._unsure(type_, first, most)
            ]
            if on:
                more = self._look(on, self._seen[on[0]].looked)
                for each in on:
                    self._seen[each] = _together(self._seen[each], more[each])
            wanted = [
                (self._many[rank], self._ordered.filter(type=type_), most)
                for type_, rank in asked
            ]
            told |= dict(zip(asked, full_text.first_each(wanted), strict=True))
        found = {each: self._best(each, most, told)[0] for each in self._types}
        return {type_: best for type_, best in found.items() if best}

    def count(self, *, is_small: bool) -> dict[str, Count]:
        """Return how many there are of each type, where that is quick to say."""
        numbers = Counter(
            type_ for (type_, _), keys in self._known.items() for _ in keys
        )
        if not self._many:
            return {type_: Count(number=numbers[type_]) for type_ in self._types}
        counts: dict[str, Count] = {}
        for type_, seen in self._first_seen.items():
            number = len(seen.found)
            if seen.are_all:
                counts[type_] = Count(number=number)
            elif number < full_text.ENOUGH:
                number = self._number_of_some(type_)
                is_much = number >= counting.ENOUGH
            else:
                is_much = True
            if type_ not in counts and is_much and not is_small:
                counts[type_] = Count(number=number // 10 * 10, is_more=True)
        left = [each for each in self._first_seen if each not in counts]
        every = Hits(condition=self._condition, keys=[], are_few=False)
        rows = [every.among(self._ordered.filter(type=type_)) for type_ in left]
        exact = counting.count_each(rows, counting.COUNT_LIMIT) if rows else []
        return counts | dict(zip(left, exact, strict=True))

    def _number_of_some(self, type_: str) -> int:
        """Return how many of the first keys of all that is found are of a type."""
        keys = (
            key
            for (of, _), known in self._known.items()
            if of == type_
            for key in known
        )
        return sum(key in self._some for key in keys)

    def _begin(
        self, types: Sequence[str]
    ) -> tuple[dict[tuple[str, Rank | None], list[int]], dict[str, _Seen]]:
        """Read what the index finds whole, and look at the first rows of each type.

        Of ``known`` keys the rank is None where they are not of what it finds whole.
        """
        step = full_text.STEPS[0]
        keys = {*self._ranks, *self._some}
        # As lists have it with every database: what no time is known of is last.
        latest = F(ItemQuery().order.field).desc(nulls_last=True)
        ordered = self._ordered.order_by(latest, "-id")
        whole = [full_text.with_keys(ordered, list(keys))] if keys else []
        lists = [self._ordered.filter(type=type_)[:step] for type_ in types]
        rows = full_text.look_each(whole, lists, self._conditions)
        known: dict[tuple[str, Rank | None], list[int]] = {}
        for pk, type_, _ in rows[0] if whole else ():
            known.setdefault((type_, self._ranks.get(pk)), []).append(pk)
        looks = zip(types, rows[len(whole) :], strict=True)
        return known, {type_: self._to_seen(some, 0, step) for type_, some in looks}

    @property
    def _conditions(self) -> list[Condition]:
        """Return what rows are asked for: many ranks, and all that is found."""
        asked = [*(hits.condition for hits in self._many.values()), self._condition]
        return [each for each in asked if each is not None]

    def _look(self, types: Sequence[str], begin: int) -> dict[str, _Seen]:
        """Look at the next rows of some types, those behind the first ``begin``."""
        step = full_text.STEPS[1]
        lists = [
            self._ordered.filter(type=type_)[begin : begin + step] for type_ in types
        ]
        looks = zip(
            types, full_text.look_each([], lists, self._conditions), strict=True
        )
        return {type_: self._to_seen(rows, begin, step) for type_, rows in looks}

    def _to_seen(self, rows: Sequence[Held], begin: int, step: int) -> _Seen:
        by_rank = {
            rank: [pk for pk, _, held in rows if held == place]
            for place, rank in enumerate(self._many)
        }
        return _Seen(
            by_rank=by_rank,
            found=[pk for pk, _, held in rows if held is not None],
            looked=begin + step,
            are_all=len(rows) < step,
        )

    @staticmethod
    def _can_look_on(seen: _Seen, rank: Rank, want: int) -> bool:
        """Tell whether a second look may find enough of a rank."""
        found = len(seen.by_rank[rank])
        is_first = seen.looked == full_text.STEPS[0]
        return is_first and not full_text.are_rare(found, want, seen.looked)

    def _unsure(self, type_: str, first: Rank, most: int) -> list[Rank]:
        """Return a rank and the later ones of which no look has found enough."""
        by_rank = self._seen[type_].by_rank
        return [r for r in self._many if r >= first and len(by_rank[r]) < most]

    def _missing(
        self, most: int, told: Mapping[tuple[str, Rank], list[int]]
    ) -> dict[str, tuple[Rank, int]]:
        """Return of which types more has to be asked: of which rank, and how many."""
        left = {each: self._best(each, most, told)[1] for each in self._types}
        return {type_: missing for type_, missing in left.items() if missing}

    def _best(
        self, type_: str, most: int, told: Mapping[tuple[str, Rank], list[int]]
    ) -> tuple[_Best, tuple[Rank, int] | None]:
        """Return the best of a type as far as is known, and what is to be asked."""
        best: _Best = []
        for rank in Rank:
            want = most - len(best)
            if not want:
                break
            if rank not in self._many or type_ not in self._seen:
                keys = self._known.get((type_, rank), [])
            elif (type_, rank) in told:
                keys = told[type_, rank]
            else:
                seen = self._seen[type_]
                keys = seen.by_rank[rank]
                if len(keys) < want and not seen.are_all:
                    return best, (rank, want)
            best += [(pk, rank) for pk in keys[:want]]
        return best, None


def _together(first: _Seen, more: _Seen) -> _Seen:
    """Return what two looks saw, one behind the other."""
    ranks = first.by_rank
    return _Seen(
        by_rank={rank: [*ranks[rank], *more.by_rank[rank]] for rank in ranks},
        found=[*first.found, *more.found],
        looked=more.looked,
        are_all=more.are_all,
    )


def search_by_type(
    own: ItemQuerySet, text: str, collections: Sequence[Collection], *, owner_id: int
) -> GroupedItems:
    """Return what is found of each type, that with the best match first.

    ``own`` are the items of one user, ``collections`` all that hold them, with their
    connections. Equally good items stand in the order of a list, those changed last
    first.
    """
    search_query = with_related(SearchQuery.parse(text, owner_id=owner_id))
    types = {each for held in collections for each in types_in(held)}
    is_small = counting.stored_items(collections) <= counting.SMALL
    ordered = own.live().order_by(*ItemQuery().order.ordering)
    finder = _Finder(search_query, ordered, sorted(types))
    found, counts = finder.find(MOST_SHOWN), finder.count(is_small=is_small)
    best = [each for some in found.values() for each in some]
    items = {item.pk: item for item in loading.by_keys(best, with_texts=True)}
    loading.put_collections(list(items.values()), collections)
    ranked = sorted(found.items(), key=lambda each: each[1][0][1])
    groups = [
        TypeGroup(
            type=type_,
            items=[items[pk] for pk, _ in some if pk in items],
            count=counts[type_],
            query=ItemQuery(search=text, type=type_),
        )
        for type_, some in ranked
    ]
    return GroupedItems(groups=groups, has_more_links=search_query.has_more_links)
