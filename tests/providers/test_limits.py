"""The limit of an account: the provider's usual figure, or the operator's."""

import pytest

from integrations.http.resilience.limits import Limit
from tests.providers.scenario import Scenario


def limit_of(scenario: Scenario, figure: str) -> Limit:
    """Return the limit of one account, ``figure`` configured for ten seconds."""
    spec = scenario.connector.spec
    values = {f"{spec.env_prefix}RATE_LIMIT": figure}
    settings = spec.from_environment(
        lambda name: values.get(name, ""),
        public_base_url="http://localhost:8000",
        sandbox_url="",
    )
    (limit,) = scenario.connector.limits("account:user", settings)
    return limit


def test_an_operators_figure_stands_for_ten_seconds(scenario: Scenario) -> None:
    usual, own = limit_of(scenario, ""), limit_of(scenario, "40")

    assert own.seconds == usual.seconds
    assert own.limit == 40 * round(own.seconds) / 10
    assert own.limit != usual.limit


@pytest.mark.parametrize("figure", ["1", "9"])
def test_a_small_figure_still_lets_calls_through(
    scenario: Scenario, figure: str
) -> None:
    assert limit_of(scenario, figure).limit >= 1


def test_the_users_of_an_account_share_its_limit(scenario: Scenario) -> None:
    limits, settings = scenario.connector.limits, scenario.settings

    assert limits("account:ana", settings) == limits("account:bo", settings)
    assert limits("account:ana", settings) != limits("other:ana", settings)
