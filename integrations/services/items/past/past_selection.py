"""The filters, the search and the order of a table, asked of its rows as they were."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Item, PropertyIndex
from integrations.services.items.past.as_of import Presence
from integrations.services.items.past.past_conditions import STEP, PastConditions
from integrations.services.items.past.table_difference import ByDays
from integrations.services.items.past.table_history import PastRow, put_collections
from integrations.services.items.past.undoing import Undoing
from integrations.services.items.relations.groups import read_address
from integrations.services.items.tables.columns.columns import UPDATED, Column
from integrations.services.items.tables.conditions import Condition
from integrations.services.items.tables.listing import first_values
from integrations.services.items.tables.operators import COUNTED
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_address import ANY

# So many rows of a table, in its order, are looked at for those of another time.
MOST_ROWS: Final = 5000


class PastRows(Struct, frozen=True, kw_only=True):
    """The rows of a time by their keys, in their order.

    They are ``cut`` where the table has more rows than are looked at.
    """

    keys: Sequence[int]
    collection: Collection
    is_cut: bool
    undoing: Undoing

    @property
    def is_partial(self) -> bool:
        """Tell whether more has changed since than is undone."""
        return self.undoing.has_more

    def load(self, keys: Sequence[int]) -> list[PastRow]:
        """Return some of the rows with all that is stored of them, in that order."""
        found = Item.objects.filter(collection=self.collection).in_bulk(keys)
        items = [found[key] for key in keys if key in found]
        put_collections(items, [self.collection])
        pasts = self.undoing.pasts(items)
        pairs = zip(items, pasts, strict=True)
        return [PastRow(item=item, past=past) for item, past in pairs]


class PastSelection(PastConditions, frozen=True, kw_only=True):
    """What a table selects at past times: its rows then, and what differs between."""

    @property
    def is_asked(self) -> bool:
        """Tell whether anything is asked for but all rows, the last updated first."""
        query = self.selection.query
        is_usual = query.is_by_update and query.is_descending
        return bool(query.filters) or not is_usual

    @property
    def of_now(self) -> Sequence[Column]:
        """Return the columns in use whose values have no past, so are those of now."""
        query = self.selection.query
        used = [each.column for each in self.conditions]
        sort = query.sort if self.is_asked else None
        columns = {each.id: each for each in [*used, *([sort] if sort else [])]}
        return [
            each
            for each in columns.values()
            if each.yours or each.source or each.id == UPDATED
        ]

    @property
    def is_link_of_now(self) -> bool:
        """Tell whether rows are those that a relation leads to now, not then."""
        linked = self.selection.linked
        return linked is not None and not read_address(linked.relation)[1]

    @property
    def days_of_then(self) -> Sequence[Condition]:
        """Return the conditions whose days count from the day of the time asked for."""
        return [each for each in self.conditions if each.operator in COUNTED]

    def find_rows(self, at: datetime) -> PastRows:
        """Return the rows of a time: those that fit now, and what has changed since.

        What has not changed since fitted then if it does now, which indexes tell: of
        that no more than keys are read. What has is looked at as it was, some at once.
        Raises ConnectorError where a mistake of ours hides what an item linked to.
        """
        undoing = Undoing.since([self.selection.collection], at)
        now = first_values(self._candidates(at), MOST_ROWS + 1)
        fitting = dict(now[:MOST_ROWS])
        looked_at = {*undoing.changes, *(fitting if self._is_doubtful else ())}
        same = [key for key in fitting if key not in looked_at]
        there = Item.objects.live().filter(pk__in=same, first_seen_at__lte=at)
        values = {key: fitting[key] for key in there.values_list("pk", flat=True)}
        for items in self._load(looked_at):
            values |= self._values_then(items, undoing)
        return PastRows(
            keys=self.order(values),
            collection=self.selection.collection,
            is_cut=len(now) > MOST_ROWS,
            undoing=undoing,
        )

    @property
    def _is_building(self) -> bool:
        """Tell whether what fits has to be looked at row by row for now."""
        return bool(self.selection.indexes.building)

    @property
    def _is_doubtful(self) -> bool:
        """Tell whether what rows are sorted by may not be what it is now.

        An index that is built anew still has the texts of before, such as the former
        labels of choices, beside which those of today would have no place.
        """
        index = self.selection.indexes.get(self.selection.query.sort)
        return self._is_building or (
            index is not None and index.state == PropertyIndex.State.REBUILDING
        )

    def _values_then(self, items: Sequence[Item], undoing: Undoing) -> dict[int, Any]:
        """Return by key what those items are sorted by that fitted at a time."""
        pairs = zip(items, undoing.pasts(items), strict=True)
        then = [
            self.of_then(item, past)
            for item, past in pairs
            if past.presence is Presence.THERE
        ]
        fits = self.fits(then, undoing.at)
        return self.values([item for item, fit in zip(then, fits, strict=True) if fit])

    def by_days(self, start: datetime, end: datetime, *, without: set[int]) -> ByDays:
        """Return what differs between two times in rows that have not changed.

        Only days that count from the day of each time can make rows fit that are the
        same; ``without`` are the keys of what has changed since the first.
        """
        found = ByDays()
        if not self.days_of_then or self.asker(start) == self.asker(end):
            return found
        sides = [
            first_values(self._candidates(at), MOST_ROWS + 1) for at in (start, end)
        ]
        found.is_cut = any(len(each) > MOST_ROWS for each in sides)
        was, is_now = (dict(each[:MOST_ROWS]).keys() for each in sides)
        doubtful = was | is_now if self._is_building else was ^ is_now
        for loaded in self._load(doubtful - without):
            # One of more changes than are looked through was not what it is now.
            items = [
                each
                for each in loaded
                if max(each.first_seen_at, each.changed_at) <= start
                and not each.is_deleted
            ]
            fits = zip(self.fits(items, start), self.fits(items, end), strict=True)
            values = self.values(items)
            for item, (was_fit, is_fit) in zip(items, fits, strict=True):
                if was_fit is not is_fit:
                    side = found.came if is_fit else found.went
                    side[item.pk] = values[item.pk]
        return found

    def _load(self, keys: Iterable[int]) -> Iterator[list[Item]]:
        """Yield the items of the table that have these keys, some at once."""
        own = Item.objects.filter(collection=self.selection.collection)
        ordered = sorted(keys)
        for start in range(0, len(ordered), STEP):
            part = own.filter(pk__in=ordered[start : start + STEP])
            items = list(part.defer("children"))
            put_collections(items, [self.selection.collection])
            yield items

    def _candidates(self, at: datetime) -> Selection:
        """Return what selects all rows of now that can fit, if they have not changed.

        What an index that is not ready would find of several conditions, of which any
        is enough, is found by none of the others.
        """
        selection = self._of_day(at)
        if not selection.indexes.building:
            return selection
        query = selection.query.change(sort=None, is_descending=True)
        if query.match == ANY and len(selection.used) < len(self.conditions):
            hits = selection.hits
            keys = hits.keys if hits is not None and hits.are_few else None
            query = query.change(conditions=())
            return replace(selection, query=query, keys=keys)
        return replace(selection, query=query)

    def _of_day(self, at: datetime) -> Selection:
        """Return the selection for whoever looks on the day of a time."""
        selection, asker = self.selection, self.asker(at)
        if not self.days_of_then or asker == selection.asker:
            return selection
        return Selection.make(
            selection.collection, selection.query, selection.indexes, asker
        )
