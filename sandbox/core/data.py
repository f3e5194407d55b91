"""Read the data and the tables that lie beside the code."""

import json
from importlib.resources import files
from typing import Any


def read(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text("utf-8")


def load(package: str, name: str) -> Any:
    return json.loads(read(package, f"{name}.json"))
