"""Read and change parsed JSON by paths: ``results.0.id``, or its steps as a tuple."""

import copy
from collections.abc import Iterator
from typing import Any

Path = str | tuple[str, ...]
MISSING = object()


def get(value: Any, path: Path) -> Any:
    """Return what is at a path, MISSING when there is nothing."""
    for step in _steps(path):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value


def put(value: Any, path: Path, leaf: Any) -> Any:
    """Return a copy with ``leaf`` at a path; MISSING takes away what is there."""
    changed = copy.deepcopy(value)
    *steps, last = _steps(path)
    node = get(changed, tuple(steps))
    key: Any = int(last) if isinstance(node, list) else last
    if leaf is MISSING:
        del node[key]
    else:
        node[key] = leaf
    return changed


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every leaf with its path; an empty object or list is a leaf."""
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in pairs:
            yield from walk(each, (*path, str(key)))
    elif path:
        yield path, value


def texts(value: Any) -> str:
    """Return every text and number in a value as one text, to look for words in."""
    return "\n".join(str(leaf) for _, leaf in walk(value))


def _steps(path: Path) -> list[str]:
    return path.split(".") if isinstance(path, str) else list(path)
