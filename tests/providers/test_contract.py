"""Promises that every provider keeps; each plays its own ``contract.json``."""

import pytest

from integrations.providers import CONNECTORS
from tests.providers.contract import PROMISES
from tests.providers.contract.case import Case, Promise


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("slug", sorted(CONNECTORS))
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_contract(promise: Promise, slug: str) -> None:
    promise(Case(CONNECTORS[slug]))
