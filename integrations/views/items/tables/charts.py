"""Bars of a chart, ready to be drawn: widths are attributes of SVG, never styles.

They are shares of whatever room there is; the words above each bar are HTML, where a
name that has no room takes another line, and its number is whole.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from integrations.providers.typed.fields import Money, Number, Value
from integrations.providers.typed.plain import plain
from integrations.services.items.tables.groups import Group, Groups

MOST_BARS, LONG_LABEL, MOST_CHARTS = 20, 36, 4


class Bar(Struct, frozen=True, kw_only=True):
    """One bar and its words; its width is in percent of that of the longest."""

    label: str
    text: str
    width: float


class Chart(Struct, frozen=True, kw_only=True):
    """A chart of bars that lie."""

    title: str
    bars: Sequence[Bar]


class _Amount(NamedTuple):
    """What one bar stands for."""

    label: str
    number: Decimal
    text: str


def make_charts(
    groups: Groups, *, most_bars: int = MOST_BARS
) -> tuple[list[Chart], bool]:
    """Return a chart of the rows of each group, and one of each sum in each currency.

    Each has a bar for each of the first ``most_bars`` groups, and is there only if one
    of them has a length. Whether there is more than they show is told beside them.
    """
    shown = groups.groups[:most_bars]
    counts = [_Amount(g.label, Decimal(g.count), f"{g.count:,}") for g in shown]
    drawn = [_to_chart("Items", counts), *_of_sums(groups, shown)]
    charts = [chart for chart in drawn if chart is not None]
    is_cut = len(groups.groups) > most_bars or len(charts) > MOST_CHARTS
    return charts[:MOST_CHARTS], is_cut


def _of_sums(groups: Groups, shown: Sequence[Group]) -> Iterator[Chart | None]:
    for column in groups.summed:
        units = {_unit_of(v): None for g in shown for v in g.sums.get(column.id, ())}
        for unit in sorted(units):
            amounts = [_sum_of(group, column.id, unit) for group in shown]
            title = f"Sum of {column.label}{f' in {unit}' if unit else ''}"
            yield _to_chart(title, amounts)


def _unit_of(value: Value) -> str:
    return value.currency or value.symbol if isinstance(value, Money) else ""


def _sum_of(group: Group, column_id: str, unit: str) -> _Amount:
    for value in group.sums.get(column_id, ()):
        if isinstance(value, Money | Number) and _unit_of(value) == unit:
            return _Amount(group.label, value.amount, plain(value))
    return _Amount(group.label, Decimal(0), "\N{EN DASH}")


def _to_chart(title: str, amounts: Sequence[_Amount]) -> Chart | None:
    most = max((amount.number for amount in amounts), default=Decimal(0))
    if most <= 0:
        return None
    bars = [
        Bar(
            label=_short(amount.label),
            text=amount.text,
            width=_width(amount.number / most),
        )
        for amount in amounts
    ]
    return Chart(title=title, bars=bars)


def _width(share: Decimal) -> float:
    """Return how long a bar is; what is nothing or less has none."""
    return max(0.5, round(float(100 * share), 1)) if share > 0 else 0


def _short(label: str) -> str:
    return label if len(label) <= LONG_LABEL else f"{label[: LONG_LABEL - 1]}…"
