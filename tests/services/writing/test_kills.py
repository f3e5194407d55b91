"""Workers that are killed anywhere, again and again, create nothing twice.

Each run kills several deliveries of one edit, or of one import, at places drawn by
chance: at an instruction of the code that writes, before a statement, before a call,
or after it has arrived. Between the kills answers are lost and refused. The seed of a
run that failed is in its message.
``KILLED_WORKERS=1000`` asks for as many runs.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from django.db import connection as database

from integrations.models import Edit, Import, Item
from integrations.services.writing.delivering import delivery
from integrations.services.writing.imports import jobs, results
from tests.services.writing.fixtures_of_edits import Desk, Killed, Reaper, Sniper
from tests.services.writing.imports.test_imports import check, finish, to_csv, upload

RUNS: Final = int(os.environ.get("KILLED_WORKERS", "16"))
FAULTS: Final = (
    ("lost", {}),
    ("truncated", {}),
    ("status", {"status": 500}),
    ("status", {"status": 504}),
    ("late_status", {"status": 500}),
    ("status", {"status": 429}),
    ("intermediary", {}),
)


def roll_back_to(outside: int) -> None:
    """Take back what a dead worker left open, as its database would.

    Between two instructions there is a place at which a transaction has begun and its
    ``with`` does not end it yet. Whatever came later would be within it for ever.
    """
    left = [sid for sid in database.savepoint_ids[outside:] if sid]
    del database.savepoint_ids[outside:], database.atomic_blocks[outside + 1 :]
    if left:
        database.needs_rollback = False
        database.savepoint_rollback(left[0])


class Life:
    """One work on an edit or an import, which may be killed at a step."""

    def __init__(
        self, desk: Desk, chance: random.Random, *, steps: int, instructions: int
    ) -> None:
        self.desk, self.chance = desk, chance
        self.steps, self.instructions = steps, instructions
        self.kills = 0

    def live(self, patch: pytest.MonkeyPatch, work: Any, *args: Any) -> None:
        if self.chance.random() < 0.3:
            kind, params = self.chance.choice(FAULTS)
            self.desk.sandbox.client.fault(kind, "write", count=1, **params)
        places = self.at_instruction if self.chance.random() < 0.5 else self.at_step
        outside = len(database.savepoint_ids)
        with patch.context() as patched, places(patched):
            try:
                work(*args)
            except Killed:
                self.kills += 1
        roll_back_to(outside)

    @contextmanager
    def at_step(self, patched: pytest.MonkeyPatch) -> Iterator[None]:
        reaper = Reaper(self.desk.sandbox, self.chance.randint(1, self.steps))
        patched.setattr(self.desk.sandbox, "send", reaper.call)
        with database.execute_wrapper(reaper.statement):
            yield

    @contextmanager
    def at_instruction(self, _patched: pytest.MonkeyPatch) -> Iterator[None]:
        with Sniper(self.chance.randint(1, self.instructions)):
            yield


def test_no_new_contact_is_created_twice_by_workers_that_are_killed_by_chance(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills, before = 0, len(desk.items())
    for seed in range(RUNS):
        chance = random.Random(seed)
        address, life = (
            f"chance-{seed}@example.com",
            Life(desk, chance, steps=24, instructions=4500),
        )
        edit = desk.create(email=address, firstname="Kim")
        for _ in range(chance.randint(1, 3)):
            due = {"due_at": edit.created_at, "lease_until": None}
            Edit.objects.open().filter(pk=edit.pk).update(**due)
            life.live(monkeypatch, delivery.deliver, edit.pk)
        desk.sandbox.client.command("faults/clear")
        desk.finish(edit)

        assert edit.state == Edit.State.SAVED, seed
        assert desk.with_address(address) == [edit.remote_id], seed
        kills += life.kills
    assert kills > RUNS / 2
    assert len(desk.items()) == before + RUNS
    assert Item.objects.filter(properties__email__startswith="chance-").count() == RUNS


def test_no_row_of_an_import_is_created_twice_by_workers_that_are_killed_by_chance(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills, runs = 0, max(5, RUNS // 5)
    for seed in range(runs):
        chance = random.Random(seed)
        wanted = [f"chance-{seed}-{number}@example.com" for number in range(4)]
        source = check(upload(desk, to_csv(["Email"], *([each] for each in wanted))))
        jobs.confirm(source, user=desk.user)
        life = Life(desk, chance, steps=60, instructions=15000)
        for _ in range(chance.randint(1, 4)):
            due = {"due_at": source.created_at, "lease_until": None}
            Edit.objects.open().update(**due)
            Import.objects.filter(pk=source.pk).update(**due)
            life.live(monkeypatch, jobs.work_on, source.pk)
        desk.sandbox.client.command("faults/clear")
        finish(source)

        assert results.counts_of(source) == {"created": 4}, seed
        assert [len(desk.with_address(each)) for each in wanted] == [1] * 4, seed
        kills += life.kills
        source.delete()
    assert kills > runs / 2
