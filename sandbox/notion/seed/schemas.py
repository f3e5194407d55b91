"""Write out the columns of data sources, which are kept short."""

from typing import Any

from sandbox.notion.seed.workspaces import load

COLORS = ("blue", "green", "yellow", "red", "gray", "purple")
GROUPS = ("To-do", "In progress", "Complete")
WORDS = load("words", {"endless": "A title that goes on " + "and on " * 270})


def load_schemas(clients: str = "") -> dict[str, list[dict[str, Any]]]:
    """Return the columns of each data source; some of them point to the clients."""
    written = load("schemas", {**WORDS, "clients_id": clients})
    return {name: [_expand(*column) for column in of] for name, of in written.items()}


def _expand(
    kind: str, name: str, column_id: str, config: dict[str, Any] | None = None
) -> dict[str, Any]:
    whole = {**(config or {})}
    if "options" in whole:
        whole["options"] = _number("opt", whole["options"])
    if kind == "status":
        groups = _number("grp", GROUPS)
        # Each choice is alone in a group.
        for choice, group in zip(whole["options"], groups, strict=True):
            group["option_ids"] = [choice["id"]]
        whole["groups"] = groups
    elif kind == "relation":
        whole |= {"type": "single_property", "single_property": {}}
    return {"id": column_id, "name": name, "type": kind, "config": whole}


def _number(prefix: str, names: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"{prefix}{n}", "name": name, "color": COLORS[n % len(COLORS)]}
        for n, name in enumerate(names)
    ]
