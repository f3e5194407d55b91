"""Whatever a killed supervisor leaves behind ends, in order and in its own time."""

import subprocess
import threading
import time
from pathlib import Path

from config.run.guard import Guard, read_groups

# Takes a moment to end, and notes then whether what it needs is still there.
NEEDY = """
trap 'sleep 0.5; kill -0 {store} && touch {note}; exit' TERM
touch {note}-ready
while :; do sleep 0.05; done
"""
STUBBORN = "trap '' TERM; touch {note}-ready; while :; do sleep 0.05; done"


def test_groups_that_have_ended_are_forgotten() -> None:
    lines = ["=1\n", "+2\n", "+3\n", "-2\n", "=4\n", "-4\n"]

    assert read_groups(lines) == ({3}, {1})


def test_an_end_that_was_never_a_start_changes_nothing() -> None:
    assert read_groups(["-7\n"]) == (set(), set())


def run(script: str, guard: Guard, *, is_last: bool = False) -> subprocess.Popen[bytes]:
    """Start a script that somebody waits for, as init does for what is left behind."""
    popen = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    threading.Thread(target=popen.wait, daemon=True).start()
    guard.watch(popen.pid, is_last=is_last)
    return popen


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.01)


def test_what_others_need_ends_after_them(tmp_path: Path) -> None:
    guard, note = Guard(seconds=20), tmp_path / "note"
    store = run("sleep 60", guard, is_last=True)
    needy = run(NEEDY.format(store=store.pid, note=note), guard)
    wait_for(tmp_path / "note-ready")

    guard.dismiss()

    assert (needy.wait(9), store.wait(9)) == (0, -15)
    assert note.exists()


def test_what_does_not_end_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    guard, began = Guard(seconds=1.0), time.monotonic()
    stubborn = run(STUBBORN.format(note=tmp_path / "note"), guard)
    wait_for(tmp_path / "note-ready")

    guard.dismiss()

    assert stubborn.wait(9) == -9
    assert time.monotonic() - began >= 1.0
