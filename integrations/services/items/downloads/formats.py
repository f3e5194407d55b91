"""Formats of files: how each is written, and what browsers are told of it."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from django.conf import settings

from integrations.services.items.downloads.sources import Source
from integrations.services.items.downloads.xlsx import write_xlsx
from integrations.services.items.export import to_csv, to_json, to_ndjson

# By which some spreadsheets know that a text is UTF-8.
BYTE_ORDER_MARK: Final = "\ufeff"
XLSX: Final = "xlsx"
# Longer than any file takes.
ABANDONED_SECONDS: Final = 24 * 3600
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Format(NamedTuple):
    """A format, by its label, its media type and the end of its file's name."""

    label: str
    content_type: str
    ending: str

    @property
    def short(self) -> str:
        """Return its label without what it is for."""
        return self.label.partition(",")[0]


FORMATS: Final[Mapping[str, Format]] = {
    "csv": Format("CSV, for spreadsheets", "text/csv; charset=utf-8", "csv"),
    "csv-utf8": Format(
        "CSV with a byte order mark, where accents are misread",
        "text/csv; charset=utf-8",
        "csv",
    ),
    XLSX: Format("XLSX, for Excel", _SHEET, "xlsx"),
    "json": Format("JSON", "application/json", "json"),
    "ndjson": Format("NDJSON, an object per line", "application/x-ndjson", "ndjson"),
}


def stream(source: Source, name: str) -> Iterator[str]:
    """Yield a file of any of the text formats in pieces."""
    if name == "json":
        yield from to_json(source.objects())
    elif name == "ndjson":
        yield from to_ndjson(source.objects())
    else:
        if name == "csv-utf8":
            yield BYTE_ORDER_MARK
        yield from to_csv([head.label for head in source.heads], source.texts())


def write(source: Source, name: str, file: BinaryIO, folder: Path) -> None:
    """Write a file of any format; ``folder`` is for what has to wait meanwhile."""
    if name == XLSX:
        write_xlsx(source, file, folder)
        return
    file.writelines(piece.encode() for piece in stream(source, name))


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a directory that no other user of this machine may read, for a while."""
    above = Path(settings.VAR_DIR) / "downloads"
    above.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_abandoned(above)
    with tempfile.TemporaryDirectory(dir=above) as path:
        yield Path(path)


def _remove_abandoned(above: Path) -> None:
    """Remove what killed processes of this machine have left."""
    for path in above.iterdir():
        # Another process may be quicker.
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
