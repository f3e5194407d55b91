"""Write out the columns of the seeded data sources, one of every type among them."""

from typing import Any

from sandbox.notion.seed.data import WORDS, load

COLORS = ("blue", "green", "yellow", "red", "gray", "purple")
GROUPS = ("To-do", "In progress", "Complete")
Column = dict[str, Any]


def make_schema(name: str, clients: str = "") -> list[Column]:
    """Return the columns of a data source; some of them point to the clients."""
    names = {"clients": clients, "carriers": WORDS["carriers"]}
    return [_make_column(*written) for written in load("schemas", names)[name]]


def _make_column(
    kind: str, name: str, column_id: str, config: dict[str, Any] | None = None
) -> Column:
    whole = {**(config or {})}
    if "options" in whole:
        whole["options"] = _make_options(whole["options"])
    elif kind == "status":
        whole = _make_status()
    elif kind == "relation":
        whole |= {"type": "single_property", "single_property": {}}
    return {"id": column_id, "name": name, "type": kind, "config": whole}


def _make_options(names: list[str]) -> list[dict[str, str]]:
    return [
        {"id": f"opt{n}", "name": name, "color": COLORS[n % len(COLORS)]}
        for n, name in enumerate(names)
    ]


def _make_status() -> dict[str, Any]:
    """Return the choices of a status, each alone in a group."""
    options = _make_options(WORDS["states"])
    groups = [
        {"id": f"grp{n}", "name": name, "color": color, "option_ids": [f"opt{n}"]}
        for n, (name, color) in enumerate(zip(GROUPS, COLORS, strict=False))
    ]
    return {"options": options, "groups": groups}
