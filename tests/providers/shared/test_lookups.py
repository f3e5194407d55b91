"""A schema whose look-ups are odd costs names, never a description."""

from typing import Any

import pytest

from integrations.providers import CONNECTORS
from integrations.providers.records import lookup_in
from tests.providers.contract.case import Case


@pytest.mark.parametrize("odd", [None, [], ["a"], 7, "text", {"b": [1]}, {"b": None}])
def test_what_is_no_look_up_is_an_empty_one(odd: Any) -> None:
    assert lookup_in({"a": odd}, "a", "b") == {}
    assert lookup_in({"a": {"b": {"c": odd}}}, "a", "b") == {"c": odd}


@pytest.mark.parametrize("odd", [["41"], 7, "text", {"owner": ["41"]}, {"owner": 7}])
@pytest.mark.parametrize(("slug", "key"), [("hubspot", "lookups"), ("notion", "users")])
def test_values_are_described_without_their_names(
    slug: str, key: str, odd: Any
) -> None:
    case = Case(CONNECTORS[slug])
    schema = {**case.schema, key: odd}
    account = case.script["account"]

    for item in case.items:
        told = case.connector.describe(item.properties, schema, account)
        whole = case.connector.describe(item.properties, case.schema, account)

        assert [field.name for field in told] == [field.name for field in whole]
