"""Whatever the listing of a long value is answered with, nothing told is lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.providers import CONNECTORS
from integrations.providers.notion.mapping.values import to_value
from integrations.providers.notion.reading.rest import HAS_MORE, MOST_PAGES, Rest
from integrations.providers.typed.values import MORE
from tests.providers.scenario import Scenario
from tests.support.provider_answers.invented import bent, examples

PAGE, TOLD, LISTED = "a1000000-0000-4000-8000-{:012d}", 25, 30
ROW = PAGE.format(99)
ENTRIES = [{"id": PAGE.format(number)} for number in range(LISTED)]
VALUES: dict[str, list[dict[str, Any]]] = {
    "relation": ENTRIES,
    "people": [{"object": "user", **each} for each in ENTRIES],
}


def listing(kind: str) -> dict[str, Any]:
    """Return the listing of a value as it is documented."""
    item = {"object": "property_item", "id": "x", "type": kind}
    return {
        "object": "list",
        "type": "property_item",
        "property_item": {"id": "x", "type": kind, kind: {}},
        "results": [{**item, kind: value} for value in VALUES[kind]],
        "has_more": False,
        "next_cursor": None,
    }


def ids_in(kept: Any) -> set[str]:
    entries = kept if isinstance(kept, list) else []
    return {each["id"] if isinstance(each, dict) else each for each in entries}


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("kind", sorted(VALUES))
@given(data=st.data())
@examples(80)
def test_a_long_value_loses_nothing_and_says_where_it_is_in_part(
    kind: str, data: st.DataObject
) -> None:
    answer = data.draw(bent(listing(kind)))
    scenario = Scenario("notion", CONNECTORS["notion"])
    place = f"GET /v1/pages/{ROW}/properties/x"
    scenario.transport.on(place, answer, times=MOST_PAGES)
    prop = {"id": "x", "type": kind, kind: VALUES[kind][:TOLD], HAS_MORE: True}
    rest = Rest(scenario.api, is_lost=lambda _: False)

    page = rest.complete({"id": ROW, "properties": {"X": prop}})

    kept = ids_in(to_value(page["properties"]["X"]))
    assert {each["id"] for each in ENTRIES[:TOLD]} <= kept
    assert MORE in kept or not rest.is_partial
    if MORE not in kept:
        # Each row that was listed is among them.
        rows = [row[kind]["id"] for row in answer["results"]]
        assert kept == {str(each).lower() for each in rows}
