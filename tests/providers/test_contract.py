"""Promises that every provider keeps; each plays its own ``contract.json``."""

import json
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from integrations.http.errors import (
    ApiError,
    Forbidden,
    InvalidResponse,
    Network,
    RateLimited,
    Unauthorized,
)
from integrations.oauth.tokens import read_tokens
from integrations.providers import CONNECTORS, SPECS
from integrations.providers.records import DisplayField, FieldSpec
from tests.providers.scenario import FOLDER, make_settings

SINCE = datetime(2026, 11, 20, tzinfo=UTC)
STEPS = ("pages", "changes", "gone")


def read_all(scenario, step, **context):
    """Read one listing of the script to its end, as the engine would."""
    collection = scenario.context(**context)
    pages, cursor = [], None
    for exchanges in scenario.script[step]:
        scenario.play(exchanges)
        if step == "pages":
            page = scenario.connector.fetch_page(
                scenario.api, collection, cursor=cursor
            )
        elif step == "changes":
            page = scenario.connector.fetch_changes(
                scenario.api, collection, since=SINCE, cursor=cursor
            )
        else:
            page = scenario.connector.fetch_deleted(
                scenario.api, collection, cursor=cursor
            )
        pages.append(page)
        cursor = page.next_cursor
    assert scenario.transport.left == []
    return pages


def read_schema(scenario):
    scenario.play(scenario.script["schema"])
    return scenario.connector.fetch_schema(scenario.api, scenario.context())


def first_call(scenario):
    """Return the route of the first call of the first page."""
    return next(iter(scenario.script["pages"][0]))


def test_a_provider_is_known_by_the_name_of_its_folder(scenario):
    assert scenario.connector.spec.slug == scenario.slug
    assert SPECS[scenario.slug] is scenario.connector.spec
    assert (FOLDER / scenario.slug / "README.md").is_file()
    assert re.fullmatch(r"[a-z][a-z0-9]*", scenario.slug)


def test_real_addresses_are_https_and_stay_so(scenario):
    spec = scenario.connector.spec

    for url in (spec.authorize_url, spec.token_url, spec.api_url):
        assert urlsplit(url).scheme == "https"


def test_every_scope_is_explained_in_plain_words(scenario):
    scopes = scenario.connector.spec.scopes

    assert all(
        scope.description and scope.description != scope.name for scope in scopes
    )
    assert len({scope.name for scope in scopes}) == len(scopes)


def test_the_sandbox_stands_in_for_a_provider_without_credentials(scenario):
    settings = scenario.connector.spec.from_environment(
        lambda _name: "",
        public_base_url="http://localhost:8000",
        sandbox_url="http://localhost:8100",
    )

    assert settings.is_sandbox
    for url in (settings.authorize_url, settings.token_url, settings.api_url):
        assert url.startswith(f"http://localhost:8100/{scenario.slug}")
    assert make_settings(scenario.slug).is_sandbox is False


def test_the_redirect_address_is_the_seeds(scenario):
    expected = f"http://localhost:8000/integrations/{scenario.slug}/oauth2callback"

    assert scenario.settings.redirect_uri == expected


def test_limits_belong_to_one_account(scenario):
    account_id = scenario.script["account_id"]
    other = "1" + account_id

    ours = scenario.connector.limits(account_id, scenario.settings)
    theirs = scenario.connector.limits(other, scenario.settings)

    assert ours
    assert {limit.key for limit in ours}.isdisjoint(limit.key for limit in theirs)
    assert all(limit.key.startswith(scenario.slug) for limit in ours)


def test_the_account_behind_a_grant_is_found(scenario):
    tokens = read_tokens(scenario.load(scenario.script["token"]))
    scenario.play(scenario.script["identify"])

    account = scenario.connector.identify(
        tokens, oauth=scenario.oauth, api=scenario.api, settings=scenario.settings
    )

    assert account.remote_id == scenario.script["account_id"]
    assert account.name
    assert scenario.transport.left == []
    kept = json.dumps(account.details)
    assert tokens.access_token.reveal() not in kept
    assert account.details.items() >= scenario.script["account"].items()


def test_collections_yield_types_that_have_a_name(scenario):
    scenario.play(scenario.script["collections"])

    found = scenario.connector.list_collections(
        scenario.api, account=scenario.script["account"]
    )

    assert scenario.script["collection"]["remote_id"] in {c.remote_id for c in found}
    assert {c.item_type for c in found} <= set(scenario.connector.item_types)
    assert len({c.remote_id for c in found}) == len(found)


def test_a_schema_can_be_kept_as_json_and_labels_its_fields(scenario):
    schema = read_schema(scenario)

    kept = json.loads(json.dumps(schema))
    fields = [FieldSpec(**entry) for entry in kept["fields"]]
    assert fields
    assert all(field.name and field.label for field in fields)


@pytest.mark.parametrize("step", STEPS)
def test_a_listing_is_read_to_its_end(scenario, step):
    pages = read_all(scenario, step)

    assert all(page.next_cursor for page in pages[:-1])
    assert pages[-1].next_cursor is None
    # A provider may have no listing of what is deleted.
    assert step == "gone" or any(page.items or page.deleted for page in pages)


@pytest.mark.parametrize("step", STEPS)
def test_every_item_can_be_stored(scenario, step):
    for page in read_all(scenario, step):
        for item in page.items:
            assert 0 < len(item.id) <= 255
            assert item.type in scenario.connector.item_types
            assert 0 < len(item.name) <= 500
            assert item.url is None or urlsplit(item.url).scheme == "https"
            for time in (item.creation_time, item.last_modified_time):
                assert time is None or time.tzinfo is not None
            assert json.loads(json.dumps(item.properties)) == item.properties


def test_a_record_is_the_same_whether_listed_or_changed(scenario):
    schema = read_schema(scenario)
    listed = {
        i.id: i for p in read_all(scenario, "pages", schema=schema) for i in p.items
    }
    changed = {
        i.id: i for p in read_all(scenario, "changes", schema=schema) for i in p.items
    }

    both = listed.keys() & changed.keys()
    assert both
    assert {key: listed[key] for key in both} == {key: changed[key] for key in both}


def test_raw_values_become_words_for_people(scenario):
    schema = json.loads(json.dumps(read_schema(scenario)))
    items = [item for page in read_all(scenario, "pages") for item in page.items]

    for item in items:
        shown = scenario.connector.describe(
            item.properties, schema, scenario.script["account"]
        )
        assert all(isinstance(field, DisplayField) for field in shown)
        assert all(field.label and field.value for field in shown)
    assert any(
        scenario.connector.describe(i.properties, schema, scenario.script["account"])
        for i in items
    )


def test_describing_survives_a_schema_that_was_never_read(scenario):
    items = [item for page in read_all(scenario, "pages") for item in page.items]

    for item in items:
        scenario.connector.describe(item.properties, {}, {})


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (403, Forbidden), (429, RateLimited)]
)
def test_a_refused_page_is_an_error_of_its_kind(scenario, status, error):
    scenario.transport.on(first_call(scenario), {}, status=status)

    with pytest.raises(error):
        scenario.connector.fetch_page(scenario.api, scenario.context(), cursor=None)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"results": 1}', b"null"])
def test_a_page_of_another_shape_is_not_an_empty_page(scenario, body):
    scenario.transport.on(first_call(scenario), body)

    with pytest.raises(InvalidResponse):
        scenario.connector.fetch_page(scenario.api, scenario.context(), cursor=None)


def test_a_timeout_on_page_two_is_not_the_end(scenario):
    first, second = scenario.script["pages"][0], scenario.script["pages"][1]
    scenario.play(first)
    collection = scenario.context()
    page = scenario.connector.fetch_page(scenario.api, collection, cursor=None)
    for _ in range(2):
        scenario.transport.on(next(iter(second)), Network("read timed out"))

    with pytest.raises(Network):
        scenario.connector.fetch_page(scenario.api, collection, cursor=page.next_cursor)


def test_a_count_is_a_number_or_unknown(scenario):
    scenario.play(scenario.script["count"])

    count = scenario.connector.fetch_count(scenario.api, scenario.context())

    assert count is None or count >= 0


@pytest.mark.parametrize("slug", sorted(CONNECTORS))
def test_fixtures_are_json_and_hold_no_real_secret(slug):
    for path in (FOLDER / slug / "fixtures").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        json.loads(text)
        assert not re.search(r"\b(pat-|eyJ|ntn_|patA|CI[0-9A-Za-z]{40})", text), path


def test_errors_of_a_page_are_api_errors_only(scenario):
    """Odd rows at any depth must not surface as KeyError or AttributeError."""
    route = first_call(scenario)
    name = scenario.script["pages"][0][route][0]
    body = scenario.load(name)
    rows_key = next(key for key, value in body.items() if isinstance(value, list))
    for odd in (None, 1, "x", [], {}, {"id": None}, {"id": {}}, {"id": "1"}):
        scenario.transport.on(route, {**body, rows_key: [odd]})

        try:
            page = scenario.connector.fetch_page(
                scenario.api, scenario.context(), cursor=None
            )
        except ApiError:
            continue
        assert len(page.items) + page.unreadable == 1
