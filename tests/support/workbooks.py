"""Read downloads the way their users do: with a reader of the format."""

import csv
import io
import json
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook


def body_of(answer: Any) -> bytes:
    """Return what an answer sent, as a whole."""
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def open_workbook(content: bytes) -> Workbook:
    """Return a workbook as Excel would read it."""
    return load_workbook(io.BytesIO(content))


def rows_of(content: bytes, form: str) -> list[list[Any]]:
    """Return the rows of a file, the heads first."""
    if form == "xlsx":
        return [
            list(row)
            for sheet in open_workbook(content)
            for row in sheet.iter_rows(values_only=True)
        ]
    text = content.decode()
    if form.startswith("csv"):
        return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    is_array = form == "json"
    found = json.loads(text if is_array else f"[{','.join(text.splitlines())}]")
    return [list(row["properties"].values()) for row in found]
