"""A credential, a strict provider and a fallback store for tests of refreshing."""

from typing import Any

import pytest

from integrations.models import Connection, Credential


@pytest.fixture
def credential(connection: Connection) -> Credential:
    return Credential.objects.get(connection=connection)


@pytest.fixture
def strict(sandbox: Any) -> Any:
    """Let the provider rotate, and end a grant whose old token comes again."""
    sandbox.client.command("switches/set", name="rotation", value=True)
    sandbox.client.command("switches/set", name="punish_reuse", value=True)
    return sandbox


@pytest.fixture
def var_dir(settings: Any, tmp_path: Any) -> Any:
    settings.VAR_DIR = tmp_path
    return tmp_path
