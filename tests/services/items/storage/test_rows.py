"""What is compared is written as every release wrote it."""

import json

import pytest

from integrations.services.items.storage.rows import dump


@pytest.mark.parametrize(
    "value",
    [
        *(1e-5, 1.5e-7, -0.000012345, 1e16, -2.5e300, 1e15, 0.0001, 12.5, 0.0),
        {"b": [1e-5, 2], "a": {"ä": 1e22}, "c": "1e5", "d": [1e-9]},
        *([1e-7, "e"], {"a": 3e-9}, ["3e4,", "e5", 0.00001, 7], [0.5, 2e-6, None]),
    ],
)
def test_numbers_are_written_as_json_writes_them(value):
    former = json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )

    assert dump(value) == former
