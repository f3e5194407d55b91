"""Give the tests of deletions a sandbox whose lists tell all of a record."""

from pathlib import Path

import pytest

from tests.support.provider_answers.seeds import FEW_PROPERTIES, SMALL, shared_seed


@pytest.fixture(scope="session")
def seeded_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_seed(tmp_path_factory, SMALL, properties=FEW_PROPERTIES)
