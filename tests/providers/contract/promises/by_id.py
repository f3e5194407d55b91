"""Promises about items that are read again by their ids, where a connector can."""

from collections.abc import Callable
from datetime import datetime

from integrations.providers.capabilities import ReadsItems
from integrations.providers.records import Page
from integrations.providers.stored import StoredItem
from tests.providers.contract.case import SINCE, Case
from tests.providers.scenario import Scenario


def fetch_chosen(
    case: Case, scenario: Scenario, *, unchanged_since: datetime | None = None
) -> Page:
    """Ask for the items that the script chooses."""
    connector: object = scenario.connector
    assert isinstance(connector, ReadsItems)
    collection = scenario.context(schema=case.schema)
    kind = case.script["first_item"]["type"]
    chosen = [
        StoredItem(
            id=each, type=kind, collection_id=collection.remote_id, changed=SINCE
        )
        for each in case.script["by_id"]["ids"]
    ]
    assert connector.items_per_call(collection) > 0
    return connector.fetch_items(
        scenario.api, collection, chosen, unchanged_since=unchanged_since
    )


def a_script_shows_what_a_connector_can(case: Case) -> None:
    """Whoever reads items by their ids has a recorded answer to it."""
    connector: object = case.connector
    assert isinstance(connector, ReadsItems) is ("by_id" in case.script)


def chosen_items_come_out_as_listed(case: Case) -> None:
    """An item is the same whether it is listed or asked for by its id."""
    if "by_id" not in case.script:
        return
    scenario = case.new()
    scenario.play(case.script["by_id"]["answers"])
    page = fetch_chosen(case, scenario)
    listed = {item.id: item for item in case.items}
    expected = {each: listed[each] for each in case.script["by_id"]["ids"]}
    assert {item.id: item for item in page.items} == expected
    assert page.next_cursor is None
    assert scenario.transport.left == []


def what_changed_lately_is_left_out(case: Case) -> None:
    """Who asks for what has not changed since a time gets nothing younger."""
    if "by_id" not in case.script:
        return
    script, scenario = case.script["by_id"], case.new()
    scenario.play(script["answers"])
    scenario.play(script.get("changed", {}))
    since = datetime.fromisoformat(script["since"])
    page = fetch_chosen(case, scenario, unchanged_since=since)
    assert [item.id for item in page.items] == script["unchanged"]


def a_field_is_dated_unless_the_connector_says_so(case: Case) -> None:
    """Some field tells of an edit, or no difference could ever be a mistake."""
    connector: object = case.connector
    if not isinstance(connector, ReadsItems):
        return
    context = case.new().context(schema=case.schema)
    names = {f"properties.{name}" for item in case.items for name in item.properties}
    undated = connector.undated(context, {"name", *names})
    assert undated < {"name", *names}
    assert connector.undated(context, ()) == set()


PROMISES: tuple[Callable[[Case], None], ...] = (
    a_script_shows_what_a_connector_can,
    chosen_items_come_out_as_listed,
    what_changed_lately_is_left_out,
    a_field_is_dated_unless_the_connector_says_so,
)
