"""What is shown is found, on either database, and again when it gets other labels."""

from contextlib import suppress

import pytest

from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser

pytestmark = pytest.mark.real
ANOTHER = "555111:4243"


def sign_in_patiently(stack: Stack, email: str) -> WebUser:
    """Sign in; attempts are limited by the minute, and other tests share the stack."""
    people: list[WebUser] = []

    def is_in() -> bool:
        with suppress(AssertionError):
            people.append(stack.user(email))
        return bool(people)

    wait_until(is_in, "a sign-in", seconds=120, every=5)
    return people[0]


def test_a_stage_is_found_by_its_label_also_after_it_is_renamed(stack: Stack) -> None:
    bo = sign_in_patiently(stack, "bo@example.com")
    path = bo.connect("hubspot", identity=ANOTHER)
    key = path.strip("/").split("/")[-1]

    def is_found(text: str) -> bool:
        query = {"q": text, "connection": key, "type": "deal"}
        page = bo.session.get(f"{bo.url}/items/", params=query, timeout=30)
        assert page.status_code == 200
        return "<tbody>" in page.text

    for text in ("closed lost", '"NEAR(', "太郎 0.0045 1,042 +1 909-415-7294"):
        is_found(text)
    wait_until(lambda: is_found("Closed Lost"), "the stage", seconds=90, every=0.5)
    assert not is_found("closedlost")
    # A sync that goes on knows the labels that there were when it began.
    own = "replace(cast(connection_id as varchar(40)), '-', '') = ?"
    is_open = f"select 1 from integrations_syncrun where state <> 'finished' and {own}"
    key = key.replace("-", "")
    wait_until(lambda: not stack.rows(is_open, key), "the sync ends")

    schema = "schema" if stack.is_sqlite else "schema::text"
    kind = "" if stack.is_sqlite else "::jsonb"
    stack.rows(
        f"update integrations_collection set schema = replace({schema},"
        f" 'Closed Lost', 'Gone for good'){kind} where id = ("
        f"select collection_id from integrations_item where type = 'deal' and {own}"
        " limit 1) returning id",
        key,
    )
    stack.rows(
        "update integrations_searchstate set indexed_with = '' returning collection_id"
    )

    wait_until(lambda: is_found("Gone for good"), "the new label", seconds=90)
    assert not is_found("Closed Lost")
