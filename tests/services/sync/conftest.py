"""Give the tests of syncs an invented account."""

from typing import Any

import pytest

from integrations.providers import CONNECTORS
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from tests.providers.contract.case import Case
from tests.services.conftest import Broker, Unlimited
from tests.support.provider_answers.accounts import Account


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Account:
    """Put a provider whose tables come and go where the product's network is."""
    settings.CONTENT_PAGES_PER_RUN = 0
    provider = Account(case=Case(CONNECTORS["hubspot"]))
    limiter = Unlimited()
    monkeypatch.setattr(oauth_clients, "transport", lambda: provider)
    monkeypatch.setattr(clients, "limiter", lambda: limiter)
    monkeypatch.setattr(queue, "current_app", Broker())
    return provider
