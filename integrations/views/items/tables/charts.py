"""Bars of a chart, ready to be drawn as SVG: widths are attributes, never styles."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.services.items.tables.groups import Group

WIDTH, BAR, GAP, LABEL, NUMBER = 640, 22, 8, 190, 90
MOST_BARS, LONG_LABEL = 20, 26


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar, with where it and its words stand."""

    label: str
    count: int
    y: int
    middle: int
    width: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of bars that lie, and its size."""

    bars: Sequence[Bar]
    width: int
    height: int
    label_end: int


def make_chart(groups: Sequence[Group]) -> Chart | None:
    """Return a bar for each of the first groups, as long as it has rows."""
    shown = groups[:MOST_BARS]
    most = max((group.count for group in shown), default=0)
    if not most:
        return None
    room = WIDTH - LABEL - NUMBER
    bars = []
    for number, group in enumerate(shown):
        y, width = number * (BAR + GAP), max(2, round(room * group.count / most))
        bars.append(
            Bar(
                label=_short(group.label),
                count=group.count,
                y=y,
                middle=y + BAR // 2,
                width=width,
                end=LABEL + width + 8,
            )
        )
    height = len(bars) * (BAR + GAP)
    return Chart(bars=bars, width=WIDTH, height=height, label_end=LABEL)


def _short(label: str) -> str:
    return label if len(label) <= LONG_LABEL else f"{label[: LONG_LABEL - 1]}…"
