"""An odd row costs itself, whoever is to blame for it."""

from typing import Any

import pytest

from integrations.http.errors import Forbidden, InvalidResponse
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.listing import map_rows


def half(row: Any) -> int:
    if "odd" in row:
        raise InvalidResponse("expected a number")
    if "refused" in row:
        raise Forbidden("not this one")
    return int(10 / row["value"])


def test_rows_that_cannot_be_mapped_are_counted_and_ours_are_named() -> None:
    rows = [{"value": 5}, {"odd": 1}, {}, {"value": 0}, None, {"value": 2}]

    mapped = map_rows(rows, half)

    assert (mapped.mapped, mapped.unreadable) == ([2, 5], 4)
    errors = [mistake.error for mistake in mapped.mistakes]
    assert errors == ["KeyError", "ZeroDivisionError"]
    assert {mistake.file for mistake in mapped.mistakes} == {
        "tests/providers/test_mistakes.py"
    }
    assert str(mapped.mistakes[0]).startswith("KeyError at tests/providers/")


def test_a_call_that_fails_is_the_pages_failure() -> None:
    with pytest.raises(Forbidden):
        map_rows([{"refused": 1}], half)


@pytest.mark.parametrize("kind", list(DeletionKind))
def test_a_deletion_is_read_as_it_was_written(kind: DeletionKind) -> None:
    written = Deletion(kind=kind, detail="a:b")

    assert Deletion.from_json(written.to_json()) == written
    assert Deletion.from_json(str(kind)) == Deletion(kind=kind)
