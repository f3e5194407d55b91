"""Test what the guard keeps in mind about process groups."""

from config.run.guard import read_groups


def test_groups_that_have_ended_are_forgotten() -> None:
    assert read_groups(["+1\n", "+2\n", "-1\n", "+3\n"]) == {2, 3}


def test_an_end_that_was_never_a_start_changes_nothing() -> None:
    assert read_groups(["-7\n"]) == set()
