"""Read how many requests a provider's README says that a sync takes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from integrations import providers

FOLDER = Path(providers.__file__).parent


def read_figures(provider: str) -> Mapping[str, Sequence[Sequence[int]]]:
    """Return the numbers in each cell behind the least, by the phase of a sync."""
    text = (FOLDER / provider / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Requests\n")[2].partition("\n#")[0]
    rows = [line[2:-2].split(" | ") for line in table.splitlines() if line[:2] == "| "]
    return {
        phase: [[int(each) for each in re.findall(r"\d+", cell)] for cell in cells]
        for phase, _least, *cells in rows[1:]
    }
