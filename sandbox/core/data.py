"""Read the data, the tables and the statements that lie beside the code."""

import json
import re
from importlib.resources import files
from typing import Any


def read(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text("utf-8")


def load(package: str, name: str) -> Any:
    return json.loads(read(package, f"{name}.json"))


def read_statements(package: str, name: str) -> dict[str, str]:
    """Return the statements of a file, each by the name in the line above it."""
    parts = re.split(r"^-- name: (\w+)\n", read(package, name), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
