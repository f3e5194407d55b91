"""Bring the services' sandbox to the tests of upgrades."""

from tests.services.conftest import (  # noqa: F401 (fixtures are found by name)
    connect,
    finish_sync,
    grant,
    sandbox,
)
from tests.services.conftest import (  # noqa: F401
    seeded_small as seeded_sandbox,
)
