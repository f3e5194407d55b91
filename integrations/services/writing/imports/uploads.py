"""Uploads: take a file's rows in, sealed, and forget them."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations.models import Collection, Import, ImportRow
from integrations.models.writing.import_texts import FileProblem
from integrations.services.common import audit
from integrations.services.common.sealing import import_content
from integrations.services.writing import editing
from integrations.services.writing.imports import csv_file, formats, mapping
from integrations.services.writing.imports.csv_file import FileRefusedError
from integrations.services.writing.imports.formats import Agreement
from integrations.services.writing.outbox import EditingOffError

CHUNK: Final = 500
PREVIEWED: Final = 5
# What a user may have at once: files that are not old enough to be deleted.
MOST_KEPT: Final = 20


class ColumnSurvey:
    """What the values of one column allow, seen one by one."""

    def __init__(self) -> None:
        self.is_used = False
        self.dates, self.numbers = Agreement(), Agreement()

    def see(self, text: str) -> None:
        """Take one more cell into account."""
        if text:
            self.is_used = True
            self.dates.see(formats.possible_orders(text))
            self.numbers.see(formats.possible_marks(text))


def upload(
    collection: Collection, data: bytes, *, file_name: str, user: User
) -> Import:
    """Store a file's rows, and guess its columns.

    Raises FileRefusedError, and EditingOffError where nothing can be written.
    """
    if collection.connection.owner_id != user.pk or not editing.can_write(collection):
        raise EditingOffError
    _check_room(user)
    source = Import(
        connection=collection.connection,
        collection=collection,
        created_by=user,
        file_name=file_name[-200:],
        columns=_columns(data),
    )
    source.mapping = mapping.guess(source)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        _check_room(user)
        source.save(force_insert=True)
        rows = _rows(source, csv_file.read(data).rows)
        while batch := list(islice(rows, CHUNK)):
            ImportRow.objects.bulk_create(batch)
        audit.record("import.uploaded", user=user, subject=source.pk)
    return source


def _check_room(user: User) -> None:
    kept = Import.objects.filter(
        created_by=user, created_at__gt=timezone.now() - Import.KEPT
    )
    if kept.count() >= MOST_KEPT:
        raise FileRefusedError(FileProblem.TOO_MANY_FILES, MOST_KEPT)


def _rows(source: Import, rows: Iterator[tuple[int, list[str]]]) -> Iterator[ImportRow]:
    for number, cells in rows:
        row = ImportRow(source=source, number=number)
        row.content = import_content.seal(row, {"cells": cells})
        yield row


def _columns(data: bytes) -> list[Mapping[str, Any]]:
    """Return the columns that have a value, or a heading to match one by.

    The file is read to its end for it, before a transaction keeps others waiting.
    """
    found = csv_file.read(data)
    surveys = [ColumnSurvey() for _ in found.headings]
    for _, cells in found.rows:
        for survey, cell in zip(surveys, cells, strict=False):
            survey.see(cell)
    return [
        mapping.Column(
            number=number,
            heading=heading,
            dates=survey.dates.answer,
            numbers=survey.numbers.answer,
        ).to_json()
        for number, (heading, survey) in enumerate(
            zip(found.headings, surveys, strict=True)
        )
        if survey.is_used or not heading.startswith("Column ")
    ]


def first_rows(source: Import) -> list[tuple[int, list[str]]]:
    """Return the first rows with their numbers, as the file has them."""
    rows = source.rows.order_by("number")[:PREVIEWED]
    return [(row.number, list(import_content.unseal(row)["cells"])) for row in rows]


def forget(source: Import, *, user: User) -> bool:
    """Delete an import with its file, unless its rows are being sent; say whether."""
    being_sent = (Import.State.RUNNING, Import.State.CANCELLING)
    with transaction.atomic():
        rows = Import.objects.filter(pk=source.pk).exclude(state__in=being_sent)
        if not rows.delete()[0]:
            return False
        audit.record("import.forgotten", user=user, subject=source.pk)
    return True
