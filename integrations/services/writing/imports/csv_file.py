"""An uploaded CSV file: its encoding, its delimiter, its headings and its rows."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from integrations.models.writing.import_texts import FileProblem
from integrations.providers.typed.values import one_line
from integrations.services.common.errors import ServiceError

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_ROWS: Final = 10_000
MAX_COLUMNS: Final = 200
DELIMITERS: Final = (",", ";", "\t")
# A spreadsheet's own line, which names the delimiter of what follows.
NAMES_DELIMITER: Final = "sep="
UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DISARMED: Final = re.compile(r"'[=+\-@]")
SAMPLE_CHARACTERS: Final = 65_536
SAMPLE_ROWS: Final = 50


class FileRefusedError(ServiceError):
    """A file that cannot be imported; ``problem`` is why, ``number`` what it counts."""

    def __init__(self, problem: FileProblem, number: int = 0) -> None:
        super().__init__(problem.value)
        self.problem, self.number = problem, number


class CsvFile(Struct, frozen=True, kw_only=True):
    """Headings as they are shown, and rows with their numbers in a spreadsheet.

    ``has_heading`` tells which columns the file itself names. A row may have fewer
    cells than there are headings, or more.
    """

    headings: Sequence[str]
    has_heading: Sequence[bool]
    rows: Iterator[tuple[int, list[str]]]


def read(data: bytes) -> CsvFile:
    """Return a file's headings, and its rows as they are read one by one.

    Raises FileRefusedError, by the rows as well.
    """
    if len(data) > MAX_BYTES:
        raise FileRefusedError(FileProblem.TOO_LARGE, MAX_BYTES // (1024 * 1024))
    stream = io.TextIOWrapper(io.BytesIO(data), _encoding_of(data), newline="")
    records = _records(stream, _delimiter_of(stream))
    first = next(((number, cells) for number, cells in records if any(cells)), None)
    if first is None:
        raise FileRefusedError(FileProblem.EMPTY)
    names = [one_line(cell, limit=120) for cell in first[1]]
    return CsvFile(
        headings=_headings(names), has_heading=[*map(bool, names)], rows=_rows(records)
    )


def _encoding_of(data: bytes) -> str:
    """Return the first encoding that the whole file is written in."""
    for encoding in _candidates(data):
        try:
            codecs.decode(data, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileRefusedError(FileProblem.ENCODING)


def _candidates(data: bytes) -> tuple[str, ...]:
    if data.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if data.startswith(UTF_16):
        return ("utf-16",)
    if b"\0" not in data:
        return ("utf-8", "cp1252")
    # Without its mark, most second bytes of western texts are empty.
    head = data[:2000]
    zeros = head[::2].count(0), head[1::2].count(0)
    if max(zeros) * 4 < len(head) // 2 or min(zeros) * 4 > max(zeros):
        raise FileRefusedError(FileProblem.NOT_TEXT)
    return ("utf-16-be",) if zeros[0] > zeros[1] else ("utf-16-le",)


def _delimiter_of(stream: io.TextIOWrapper) -> str:
    """Return what stands between the cells; leave the stream where they begin."""
    first = stream.readline().strip().lower()
    if first.startswith(NAMES_DELIMITER) and len(first) == len(NAMES_DELIMITER) + 1:
        return first[-1]
    stream.seek(0)
    sample = stream.read(SAMPLE_CHARACTERS)
    stream.seek(0)
    return max(DELIMITERS, key=lambda each: _likelihood(sample, each))


def _likelihood(sample: str, delimiter: str) -> tuple[bool, float, int]:
    """Return how well a delimiter explains a text: rows as wide as their headings."""
    widths = []
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths = [len(cells) for cells in islice(reader, SAMPLE_ROWS) if cells]
    except csv.Error:
        return False, 0.0, 0
    if not widths or widths[0] == 1:
        return False, 0.0, 0
    return True, widths.count(widths[0]) / len(widths), widths[0]


def _records(stream: Any, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield records with their numbers; a line end in quotation marks ends none."""
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    number, ended_at = 0, 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise FileRefusedError(FileProblem.QUOTES, ended_at + 1) from exc
        # Before anything is done with each cell: a line may have millions of them.
        if len(cells) > MAX_COLUMNS:
            raise FileRefusedError(FileProblem.TOO_MANY_COLUMNS, MAX_COLUMNS)
        number, ended_at = number + 1, reader.line_num
        yield number, [_clean(cell) for cell in cells]


def _clean(cell: str) -> str:
    """Return a cell without the mark by which it is no formula to a spreadsheet.

    Nor has it a NUL, which no database takes in a text.
    """
    text = cell.replace("\0", "").strip()
    return text[1:] if DISARMED.match(text) else text


def _headings(told: Sequence[str]) -> list[str]:
    """Return a name of its own for each column, also where the file gives none."""
    names: dict[str, None] = {}
    seen: Counter[str] = Counter()
    for number, text in enumerate(told, start=1):
        name = text or f"Column {number}"
        again = seen[name.casefold()]
        seen[name.casefold()] += 1
        unique = f"{name} ({again + 1})" if again else name
        while unique in names:
            again += 1
            unique = f"{name} ({again + 1})"
        names[unique] = None
    return list(names)


def _rows(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    count = 0
    for number, cells in records:
        if not any(cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileRefusedError(FileProblem.TOO_MANY_ROWS, MAX_ROWS)
        yield number, cells
    if not count:
        raise FileRefusedError(FileProblem.NO_ROWS)
