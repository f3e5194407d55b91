"""Count which deliberate bugs the contract catches: a test of the test."""

import time
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from integrations.providers import CONNECTORS
from integrations.providers.connector import BaseConnector
from tests.providers.contract import PROMISES
from tests.providers.contract.case import Case, Promise
from tests.providers.contract.mistakes import MISTAKES
from tests.providers.contract.mutations import MUTATIONS
from tests.providers.contract.planting import plant
from tests.support.provider_answers.described import apart

pytestmark = pytest.mark.usefixtures("without_logs")


@pytest.fixture(autouse=True)
def planted_calls_apart() -> Iterator[None]:
    """Keep the calls of connectors with bugs out of the report of all calls."""
    with apart():
        yield


@cache
def cheapest_first(slug: str) -> Sequence[Promise]:
    """Return the promises, all of which an honest connector keeps."""
    case = Case(CONNECTORS[slug])
    costs: dict[Promise, float] = {}
    for promise in PROMISES:
        begun = time.process_time()
        promise(case)
        costs[promise] = time.process_time() - begun
    return sorted(costs, key=lambda promise: costs[promise])


def is_caught(connector: BaseConnector, promises: Sequence[Promise]) -> bool:
    """Tell whether a connector breaks one of the promises."""
    try:
        case = Case(connector)
        for promise in promises:
            promise(case)
    except NameError:
        # What was planted is broken itself, and proves nothing.
        raise
    except Exception:  # noqa: BLE001 - a bug may show as anything
        return True
    return False


@pytest.mark.parametrize("slug", sorted(CONNECTORS))
def test_the_contract_catches_what_any_connector_could_get_wrong(slug: str) -> None:
    connector = CONNECTORS[slug]
    promises = cheapest_first(slug)

    survivors = [
        name
        for name, mutate in MUTATIONS.items()
        if not is_caught(mutate(connector), promises)
    ]

    assert survivors == []
    assert len(MUTATIONS) >= 24


@pytest.mark.parametrize("slug", sorted(MISTAKES))
def test_the_contract_catches_mistakes_in_the_sources(slug: str) -> None:
    promises = cheapest_first(slug)

    survivors = [
        str(mistake)
        for mistake in MISTAKES[slug]
        if not is_caught(plant(slug, mistake), promises)
    ]

    assert survivors == []
    assert len(MISTAKES[slug]) >= 24
