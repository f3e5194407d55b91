"""A Redis that does not tell of itself is no fault, and no error of a page."""

from typing import Any

import pytest
from redis import Redis, exceptions

from config.cache import read_cache
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import registry, servers

URL = "redis://127.0.0.1:9/0"


@pytest.fixture
def says(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.CACHES = {"default": read_cache(URL)}

    def answer(error: Exception) -> None:
        def info(*_args: Any, **_kwargs: Any) -> None:
            raise error

        monkeypatch.setattr(servers, "_info_of_broker", info)
        monkeypatch.setattr(Redis, "info", info)

    return answer


@pytest.mark.parametrize("name", ["broker_memory", "redis_version"])
def test_a_user_who_may_not_ask_is_no_fault(says: Any, name: str) -> None:
    says(exceptions.NoPermissionError("this user has no permissions to run 'info'"))
    check = next(each for each in registry.CHECKS if each.id == name)

    assert check.probe(Census()).ok


@pytest.mark.parametrize(
    "error",
    [
        exceptions.NoPermissionError("no"),
        exceptions.ConnectionError("gone"),
        OSError("gone"),
    ],
)
def test_memory_that_is_not_told_is_not_known(says: Any, error: Exception) -> None:
    says(error)

    assert servers.used_memory("broker") is None
    assert servers.used_memory("cache") is None
