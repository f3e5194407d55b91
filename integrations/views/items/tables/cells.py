"""Make the cells of a table: one line of each value, by its type."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.safestring import SafeString
from msgspec import Struct, field

from integrations.models import Collection, Item
from integrations.providers.typed.fields import (
    SEVERAL,
    Boolean,
    Choice,
    Date,
    Duration,
    Money,
    Number,
    Percent,
    Relation,
    RichText,
    Text,
    User,
    Value,
    singles_of,
)
from integrations.providers.typed.plain import plain
from integrations.services.items.relations.links import Links, find_by_id
from integrations.services.items.tables.columns.columns import NAME, Column
from integrations.services.items.tables.columns.values import load_beside, values_of
from integrations.views.items.parts.values import NO_LINKS, Shown, show
from integrations.views.items.tables.drawing import Cell, Part, draw_cells, draw_row

MOST_PARTS, MOST_LINKED, LONG = 4, 3, 120
# Of what hovering shows, and rows as high as their texts; the item's page has all.
MOST_TITLED, MOST_TITLE = 50, 1000
NUMBERS: Final = (Number, Money, Percent, Duration)
ONE_LINE: Final = (Text, RichText, Date)
CHOICES: Final = frozenset({Choice})
USERS: Final = frozenset({User})


class Row(Struct, frozen=True, kw_only=True):
    """An item and its cells, in the order of the columns; the name has none.

    It ``is_writable`` if columns of it can be edited here, ``back`` is the address of
    the table, to which the form of a column of the user's own leads back. One that
    ``is_whole`` shows its texts on as many lines as they take, and one that
    ``is_unnamed`` something else in place of its name. ``width`` is that of the names,
    ``heading`` that of its group as HTML, where it is the first there.
    """

    item: Item
    cells: Sequence[tuple[Column, Cell]] = field(default=())
    is_writable: bool = False
    back: str = ""
    is_whole: bool = False
    is_unnamed: bool = False
    width: str = ""
    heading: SafeString = field(default=SafeString(""))

    @property
    def html(self) -> SafeString:
        """Return the cells drawn."""
        return draw_cells(self.item, self.cells, self.back, is_whole=self.is_whole)

    @property
    def line(self) -> SafeString:
        """Return the whole row drawn, with a box to tick."""
        return draw_row(
            self.item,
            self.html,
            is_writable=self.is_writable,
            is_whole=self.is_whole,
            is_unnamed=self.is_unnamed,
            width=self.width,
        )


def make_rows(
    items: Sequence[Item],
    collection: Collection,
    columns: Sequence[Column],
    back: str = "",
    *,
    is_writable: bool = False,
    is_loaded: bool = False,
    is_whole: bool = False,
    naming: Column | None = None,
) -> list[Row]:
    """Return a row for each item; what stands beside them may be loaded already.

    Where texts are shown ``is_whole``, up to ``MOST_TITLE`` characters of each are.
    ``naming`` is the property that the names stand for, if there is one.
    """
    rest = [column for column in columns if column.id != NAME]
    width = next((column.width for column in columns if column.id == NAME), "")
    if not is_loaded:
        load_beside(items, rest)
    values = [(item, values_of(item, collection, rest)) for item in items]
    links = _find_links(items, [found for _, found in values])
    return [
        Row(
            item=item,
            is_writable=is_writable,
            back=back,
            is_whole=is_whole,
            is_unnamed=naming is not None and _is_blank(item, naming),
            width=width,
            cells=[
                (c, make_cell(found.get(c.id), links, c.colours, is_whole=is_whole))
                for c in rest
            ],
        )
        for item, found in values
    ]


def _is_blank(item: Item, naming: Column) -> bool:
    return not str(item.properties.get(naming.id) or "").strip()


def _find_links(items: Sequence[Item], values: Sequence[Mapping[str, Value]]) -> Links:
    """Return the items that cells name, by one question for all of them."""
    ids = [
        each
        for found in values
        for value in found.values()
        for part in singles_of(value)
        if isinstance(part, Relation)
        for each in part.linked_ids[:MOST_LINKED]
    ]
    return Links(found=find_by_id(items[0], ids)) if ids else NO_LINKS


def make_cell(
    value: Value | None,
    links: Links,
    colours: Mapping[str, str],
    *,
    is_whole: bool = False,
) -> Cell:
    """Return the cell of a value, that of no value for None."""
    if value is None:
        return Cell(look="empty")
    if isinstance(value, Boolean):
        return Cell(look="check", text=plain(value), is_true=value.is_true)
    if isinstance(value, Relation):
        return _relation(value, links)
    kinds = {type(each) for each in singles_of(value)}
    if kinds <= CHOICES:
        return _chips(value, colours, look="chips", is_whole=is_whole)
    if kinds <= USERS:
        return _chips(value, colours, look="people", is_whole=is_whole)
    if isinstance(value, Percent):
        shown = show(value)
        share = f"{max(0.0, min(100.0, float(value.share) * 100)):.0f}"
        return Cell(look="percent", text=shown.text, title=shown.title, share=share)
    if isinstance(value, NUMBERS):
        shown = show(value)
        return Cell(look="number", text=shown.text, title=shown.title)
    if isinstance(value, SEVERAL):
        told = ", ".join(show(each).text for each in value.values)
        return _line(told, is_whole=is_whole)
    if isinstance(value, ONE_LINE):
        return _line(plain(value), is_whole=is_whole)
    return Cell(value=show(value, links))


def _line(text: str, *, is_whole: bool) -> Cell:
    line = " ".join(text.split())
    if len(line) <= LONG:
        return Cell(look="line", text=line)
    whole = line if len(line) <= MOST_TITLE else f"{line[:MOST_TITLE]}…"
    if is_whole:
        return Cell(look="line", text=whole)
    return Cell(look="line", text=f"{line[:LONG].rstrip()}…", title=whole)


def _chips(
    value: Value, colours: Mapping[str, str], *, look: str, is_whole: bool
) -> Cell:
    singles = singles_of(value)
    most = MOST_TITLED if is_whole else MOST_PARTS
    parts = [
        Part(
            text=plain(each),
            colour=colours.get(each.label, "") if isinstance(each, Choice) else "",
        )
        for each in singles[:most]
    ]
    left = [plain(each) for each in singles[most:]]
    told = [*left[:MOST_TITLED], *(["…"] if len(left) > MOST_TITLED else [])]
    title = "" if is_whole else ", ".join(told)
    return Cell(look=look, parts=parts, more=len(left), title=title)


def _relation(relation: Relation, links: Links) -> Cell:
    known = tuple(
        links.of(
            Relation(
                linked_ids=relation.linked_ids[:MOST_LINKED],
                linked_collection=relation.linked_collection,
            )
        )
    )
    shown = Shown(text="", kind="relation", items=known)
    return Cell(
        look="linked",
        value=shown,
        more=max(len(relation.linked_ids), relation.total) - len(known),
        has_more=relation.has_more,
    )
