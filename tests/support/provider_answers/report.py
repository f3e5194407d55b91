"""Write docs/api-validation.md: what the official descriptions said of all calls.

``python -m tests.support.provider_answers.report DIRECTORY WHAT`` reads what the tests
counted, of which ``WHAT`` says which they were. It fails where a disagreement is not
explained, and where an explanation explains nothing any more.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from tests.support.provider_answers import tally
from tests.support.provider_answers.described import DOCS, list_explained

REPORT = DOCS.with_name("api-validation.md")
HEAD = (
    "# API validation",
    "",
    "What an OpenAPI validator said of our calls and of the sandbox's answers.",
    "It asked the official descriptions of the providers.",
    "`make validate` writes this page.",
    "[API descriptions](api-descriptions.md) explains each disagreement.",
    "",
    "Of {what}, on {day}.",
    "Airtable publishes no machine-readable description.",
    "Its calls are checked against our own table alone.",
    "",
    "| provider | operations | calls | answers | different forms |",
    "| --- | ---: | ---: | ---: | ---: |",
)
NOTES = (
    "",
    "A call of a form that was checked before is counted, and not checked again.",
    "Of calls of one form on real processes, the first ten are counted.",
    "Calls that a test makes to be refused are no calls here.",
    "",
    "## Disagreements",
    "",
)


def lines_of(counts: tally.Counts, what: str, now: datetime) -> Iterator[str]:
    """Yield the report, line by line."""
    for line in HEAD:
        yield line.format(what=what, day=f"{now:%d %B %Y}".lstrip("0"))
    names = counts["calls"].keys() | counts["answers"].keys()
    for slug in sorted({name.partition(" ")[0] for name in names}):
        operations = sum(name.startswith(f"{slug} ") for name in names)
        forms = sum(name.startswith(f"{slug} ") for name in counts["forms"])
        asked = [_of(counts[kind], slug) for kind in ("calls", "answers")]
        cells = [f"{each:,}" for each in (operations, *asked, forms)]
        yield f"| {slug} | {' | '.join(cells)} |"
    yield from NOTES
    unexplained = sorted(counts["disagreements"])
    yield f"Not explained: {len(unexplained):,}."
    yield from ("", *(f"- `{each}`" for each in unexplained)) if unexplained else ()
    yield from ("", "| explained by | different complaints |", "| --- | ---: |")
    for pattern in list_explained():
        yield f"| `{pattern}` | {len(_explained_by(pattern, counts)):,} |"


def _of(counts: Counter[str], slug: str) -> int:
    return sum(n for name, n in counts.items() if name.startswith(f"{slug} "))


def _explained_by(pattern: str, counts: tally.Counts) -> list[str]:
    return [each for each in counts["explained"] if fnmatchcase(each, pattern)]


def main(directory: str, what: str, *, page: Path = REPORT) -> int:
    """Write the report; return 1 where something is not explained, or for nothing."""
    counts = tally.load(Path(directory))
    text = "\n".join(lines_of(counts, what, datetime.now(UTC)))
    page.write_text(f"{text}\n", encoding="utf-8")
    unused = [each for each in list_explained() if not _explained_by(each, counts)]
    for each in unused:
        print(f"explains nothing: {each}")  # noqa: T201 (a command)
    for each in counts["disagreements"]:
        print(f"is not explained: {each}")  # noqa: T201 (a command)
    return int(bool(unused or counts["disagreements"] or not counts["answers"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
