"""Write JSON for people: whatever fits on a line stands on one."""

import json
from typing import Any

WIDTH = 88


def write(value: Any) -> str:
    """Return a value as JSON, broken only where a line would be too long."""
    return f"{_write(value, 0, 0)}\n"


def _write(value: Any, indent: int, used: int) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if used + len(text) < WIDTH or not value or not isinstance(value, dict | list):
        return text
    pad, end = " " * (indent + 2), " " * indent
    if isinstance(value, list):
        lines = [f"{pad}{_write(each, indent + 2, indent + 2)}" for each in value]
        return "[\n" + ",\n".join(lines) + f"\n{end}]"
    lines = []
    for key, each in value.items():
        start = f"{pad}{json.dumps(key, ensure_ascii=False)}: "
        lines.append(start + _write(each, indent + 2, len(start)))
    return "{\n" + ",\n".join(lines) + f"\n{end}}}"
