"""Read the data that lies as JSON beside the code."""

import json
from importlib.resources import files
from typing import Any


def load(package: str, name: str) -> Any:
    return json.loads(files(package).joinpath(f"{name}.json").read_text("utf-8"))
