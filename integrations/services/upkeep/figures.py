"""Figures of the overview: what each is a count of, and how it is worded."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Figure(Struct, frozen=True, kw_only=True):
    """One figure: its value, its words, and which rows it counts.

    ``rows`` names the model and ``where`` the filters of its list in the admin.
    ``tone`` is empty, ok, warn or bad.
    """

    id: str
    label: str
    value: Any
    text: str
    tone: str = ""
    rows: str = ""
    where: Mapping[str, str] = field(default_factory=dict)


class Section(Struct, frozen=True, kw_only=True):
    """Figures that belong together."""

    id: str
    title: str
    figures: list[Figure]


def counted(
    id: str,  # noqa: A002 - the name of the field
    label: str,
    number: int,
    *,
    tone: str = "",
    rows: str = "connection",
    **where: str,
) -> Figure:
    """Make a figure that counts rows; none of them is nothing to worry about."""
    return Figure(
        id=id,
        label=label,
        value=number,
        text=f"{number:,}",
        tone=tone if number else "",
        rows=rows,
        where=where,
    )


def sized(id: str, label: str, size: int | None) -> Figure:  # noqa: A002 - as above
    """Make a figure of a size in bytes, which may not be known."""
    text = f"{size / 1024**2:,.1f} MB" if size else "not known"
    return Figure(id=id, label=label, value=size, text=text)
