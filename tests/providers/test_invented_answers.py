"""Whatever a provider answers, a connector tells all of it, or says that it cannot."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.http.errors import ApiError
from integrations.http.responses.body import parse_json
from integrations.http.sending.transport import Headers, Request, Response, Timeouts
from integrations.oauth.errors import OAuthError
from integrations.providers import CONNECTORS
from integrations.providers.records import IntegrationItem, Page
from tests.providers.contract import paths
from tests.providers.contract.case import Case
from tests.providers.contract.promises.display import check_value, in_words
from tests.providers.contract.promises.rows import check
from tests.providers.scenario import PathTransport, Scenario
from tests.support.provider_answers.invented import VALUES, bent, examples

pytestmark = pytest.mark.usefixtures("without_logs")
SLUGS = pytest.mark.parametrize("slug", sorted(CONNECTORS))


class AnyTransport(PathTransport):
    """Answer what was announced, again when it is asked again, else not at all."""

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Give the next answer announced for the address, or the last one again."""
        route = f"{request.method} {urlsplit(request.url).path}"
        waiting = self._answers[route]
        if not waiting:
            gone = Response(status=404, body=b"{}", headers=Headers({}))
            waiting.append(gone)
        if len(waiting) == 1:
            waiting.append(waiting[0])
        return super().send(request, timeouts, max_bytes)


def ways(case: Case) -> Iterator[tuple[str, int]]:
    """Yield each listing of a script, page by page."""
    for step in case.steps():
        for number in range(len(case.script[step])):
            yield step, number


def scenario_of(case: Case, exchanges: Any, route: str, body: Any) -> Scenario:
    """Return a scenario in which one call is answered with an invented body."""
    scenario = Scenario(case.slug, case.connector, AnyTransport(case.slug))
    for name, answers in exchanges.items():
        if name == route:
            scenario.transport.on(route, json.dumps(body).encode())
        else:
            scenario.play({name: answers})
    return scenario


@SLUGS
@given(data=st.data())
@examples(60)
def test_every_row_of_a_page_is_told_or_counted(slug: str, data: st.DataObject) -> None:
    case = Case(CONNECTORS[slug])
    step, number = data.draw(st.sampled_from(list(ways(case))))
    exchanges = case.script[step][number]
    if not exchanges:
        return
    route = data.draw(st.sampled_from(list(exchanges)))
    body = data.draw(bent(case.new().load(exchanges[route][0])))
    cursor = page_cursor(case, step, number)
    scenario = scenario_of(case, exchanges, route, body)

    try:
        page = case.fetch(scenario, step, cursor)
    except ApiError:
        return

    check(page)
    assert not page.mistakes
    json.dumps([item.properties for item in page.items], ensure_ascii=False).encode()
    if step == "pages" and route == case.route(step, number):
        assert_all_told(case, parse_json(json.dumps(body).encode()), page)


def page_cursor(case: Case, step: str, number: int) -> str | None:
    """Return the cursor with which a recorded page is asked for."""
    cursor: str | None = None
    for earlier in range(number):
        cursor = case.read(case.new(), step, earlier, cursor).next_cursor
    return cursor


def assert_all_told(case: Case, body: Any, page: Page) -> None:
    """Check that each row is an item, counted, or said to be deleted or elsewhere."""
    rows = paths.get(body, case.listing["rows"])
    told = {item.id for item in page.items} | {*page.unreadable_ids, *page.deleted}
    told |= {*page.moved, *(found.remote_id for found in page.collections)}
    told |= {i.id for other in page.other_collections.values() for i in other.items}
    ids = [row.get("id") if isinstance(row, dict) else None for row in rows]
    lost = [each for each in ids if not isinstance(each, str) or each not in told]
    assert len(lost) <= page.unreadable + len([i for i in told if i not in ids]), lost


def ask_schema(case: Case, scenario: Any) -> Any:
    return scenario.connector.fetch_schema(scenario.api, scenario.context())


def ask_collections(case: Case, scenario: Any) -> Any:
    account = case.script["account"]
    return list(scenario.connector.list_collections(scenario.api, account=account))


def ask_account(case: Case, scenario: Any) -> Any:
    return case.identify(scenario, case.tokens)


def ask_count(case: Case, scenario: Any) -> Any:
    return case.count(scenario)


QUESTIONS: dict[str, Callable[[Case, Any], Any]] = {
    "schema": ask_schema,
    "collections": ask_collections,
    "identify": ask_account,
    "count": ask_count,
}


@SLUGS
@given(data=st.data())
@examples(60)
def test_every_other_question_is_answered_or_refused(
    slug: str, data: st.DataObject
) -> None:
    case = Case(CONNECTORS[slug])
    asked = [name for name in QUESTIONS if case.script.get(name)]
    step = data.draw(st.sampled_from(asked))
    exchanges = case.script[step]
    route = data.draw(st.sampled_from(list(exchanges)))
    body = data.draw(bent(case.new().load(exchanges[route][0])))
    scenario = scenario_of(case, exchanges, route, body)

    try:
        found = QUESTIONS[step](case, scenario)
    except (ApiError, OAuthError):
        return

    if step == "schema":
        assert json.loads(json.dumps(found)) == found
        case.connector.describe(case.items[0].properties, found, {})
    if step == "count":
        assert found is None or found >= 0
    if step == "collections":
        assert all(0 < len(each.name) <= 255 for each in found)


@SLUGS
@given(data=st.data())
@examples(60)
def test_every_stored_value_is_described(slug: str, data: st.DataObject) -> None:
    case = Case(CONNECTORS[slug])
    first: IntegrationItem = case.items[0]
    properties = data.draw(bent(first.properties))
    schema = data.draw(st.one_of(st.just(case.schema), bent(case.schema)))
    if not isinstance(properties, dict) or not isinstance(schema, dict):
        return
    if data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(first.properties)))
        properties = {**properties, name: data.draw(VALUES)}

    for field in case.connector.describe(properties, schema, case.script["account"]):
        check_value(field.value)
        assert isinstance(in_words(field), str)


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text and number of a value."""
    if isinstance(value, dict):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif value is not None:
        yield str(value)


def plain(text: str) -> str:
    """Return an id without what its writers leave to choice."""
    return text.strip().lower().replace("-", "")


@SLUGS
@given(data=st.data())
@examples(60)
def test_every_link_is_to_what_a_value_names(slug: str, data: st.DataObject) -> None:
    case = Case(CONNECTORS[slug])
    item: IntegrationItem = data.draw(st.sampled_from(list(case.items)))
    properties = data.draw(bent(item.properties))
    schema = data.draw(st.one_of(st.just(case.schema), bent(case.schema)))
    if not isinstance(properties, dict) or not isinstance(schema, dict):
        return

    links = case.connector.links(properties, schema, parent_id=item.parent_id)

    told = {plain(text) for text in (*texts_in(properties), item.parent_id or "")}
    ways = [(each.relation, each.target_id, each.target_collection) for each in links]
    assert len(set(ways)) == len(ways)
    for link in links:
        assert link.relation
        assert link.target_id
        assert plain(link.target_id) in told
        assert link.position >= 0
