"""What Django says of the site is asked at every look, of its models once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import CheckMessage, Error, Tags, Warning  # noqa: A004
from django.core.checks.registry import registry

from integrations.services.upkeep.checks import site

MESSAGES = {Tags.models: Error("of a model", id="x.E1"), "": Warning("it", id="x.W1")}


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """Return the tag of each of two checks whenever it is asked."""
    asked: list[str] = []

    def make(tag: str) -> Any:
        def check(**_options: Any) -> list[CheckMessage]:
            asked.append(tag)
            return [MESSAGES[tag]]

        return check

    made = [(make(tag), tag) for tag in MESSAGES]
    for check, tag in made:
        registry.register(check, *filter(None, [tag]))
    site._said_of_models.cache_clear()
    yield asked
    registry.registered_checks -= {check for check, _ in made}
    site._said_of_models.cache_clear()


def test_models_are_checked_once_in_a_process(asked: list[str]) -> None:
    for _ in range(3):
        assert {each.id for each in site._said_by_django()} >= {"x.E1", "x.W1"}

    assert sorted(asked) == ["", "", "", Tags.models]
