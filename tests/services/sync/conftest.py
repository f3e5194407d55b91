"""Give the tests of syncs a sandbox whose types are as broad as usual.

A list does not tell so many properties of a contact: a batch has to tell the rest.
"""

from pathlib import Path

import pytest

from tests.support.provider_answers.seeds import SMALL, shared_seed


@pytest.fixture(scope="session")
def seeded_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_seed(tmp_path_factory, SMALL)
