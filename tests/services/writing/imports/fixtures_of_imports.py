"""Upload, check and finish imports for the tests of them."""

import csv
import io
from collections.abc import Sequence

from integrations.models import Edit, Import, ImportRow
from integrations.services.writing.imports import (
    jobs,
    mapping,
    uploads,
)
from tests.services.writing.fixtures_of_edits import Desk

State = ImportRow.State


def to_csv(headings: Sequence[str], *rows: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return text.getvalue().encode()


def upload(desk: Desk, data: bytes, **chosen: str) -> Import:
    """Upload a file, and match columns by heading: ``city="Town"``."""
    source = uploads.upload(desk.contacts, data, file_name="a.csv", user=desk.user)
    numbers = {column.heading: column.number for column in mapping.columns_of(source)}
    for name, heading in chosen.items():
        source.mapping[str(numbers[heading])] = {"field": name, "format": ""}
    source.save()
    return source


def check(source: Import) -> Import:
    assert jobs.start_check(source)
    jobs.work_on(source.pk)
    source.refresh_from_db()
    assert source.state == Import.State.CHECKED
    return source


def finish(source: Import, *, most: int = 20) -> Import:
    for _ in range(most):
        Import.objects.filter(pk=source.pk).update(lease_until=None, lease_id=None)
        Import.objects.filter(pk=source.pk).update(due_at=source.created_at)
        Edit.objects.open().update(due_at=source.created_at, lease_until=None)
        if jobs.work_on(source.pk) is None:
            break
    source.refresh_from_db()
    return source


def import_all(desk: Desk, source: Import) -> Import:
    assert jobs.confirm(check(source), user=desk.user)
    return finish(source)


def problems(source: Import) -> dict[int, str]:
    rows = source.rows.filter(state=State.INVALID)
    return {row.number: row.problems[0][1] for row in rows}


def addresses(count: int, name: str = "many") -> list[list[str]]:
    return [[f"{name}-{number}@example.com", "Bonn"] for number in range(count)]
