"""What a batch reads of its collection does not grow with its rows."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.services.writing.batches import bulk_delivery
from integrations.services.writing.imports import jobs
from integrations.services.writing.imports import undoing as import_undoing
from integrations.services.writing.undo import undoing
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.imports.fixtures_of_imports import (
    check,
    finish,
    to_csv,
    upload,
)


def create(desk: Desk, rows: int) -> Callable[[], Any]:
    data = to_csv(["Email"], *([f"{rows}-{n}@example.com"] for n in range(rows)))
    source = check(upload(desk, data))
    jobs.confirm(source, user=desk.user)
    return lambda: jobs.work_on(source.pk)


def update(desk: Desk, rows: int) -> Callable[[], Any]:
    made = desk.bulk(desk.items()[:rows], "city", f"{rows} Cities")
    return lambda: bulk_delivery.deliver(made.pk)


def take_back(desk: Desk, rows: int) -> Callable[[], Any]:
    made = desk.bulk(desk.items()[:rows], "city", f"{rows} Towns")
    desk.finish_bulk(made)
    return lambda: undoing.undo(made, user=desk.user)


def archive(desk: Desk, rows: int) -> Callable[[], Any]:
    data = to_csv(["Email"], *([f"a{rows}-{n}@example.com"] for n in range(rows)))
    source = check(upload(desk, data))
    jobs.confirm(source, user=desk.user)
    made = import_undoing.undo(finish(source), user=desk.user)
    return lambda: bulk_delivery.deliver(made.pk)


@pytest.mark.parametrize("begin", [create, update, take_back, archive])
def test_a_batch_reads_its_collection_as_often_for_many_rows_as_for_few(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Desk, int], Callable[[], Any]],
) -> None:
    writer, counts = CONNECTORS["hubspot"], []
    loaded, fields = Collection.from_db, writer.writable_fields
    for rows in (3, 9):
        work, seen = begin(desk, rows), Counter[str]()

        def load(*args: Any, seen: Counter[str] = seen) -> Any:
            seen["collections"] += 1
            return loaded(*args)

        def list_fields(*args: Any, seen: Counter[str] = seen) -> Any:
            seen["fields"] += 1
            return fields(*args)

        with monkeypatch.context() as patched:
            patched.setattr(Collection, "from_db", load)
            patched.setattr(writer, "writable_fields", list_fields)
            work()
        counts.append(seen)

    assert counts[0] == counts[1]
