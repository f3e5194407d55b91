"""Check that consent at the simulated Notion is as strict as at the real one."""

import pytest

from tests.sandbox.notion_client import (
    API,
    AUTHORIZATION,
    DROMEDARY,
    INES,
    LANTERN,
    NOUR,
    TOMASZ,
)

PAGE = f"{API}/oauth/authorize"


def test_the_page_shows_workspaces_and_people_and_says_it_is_simulated(notion):
    page = notion.get(PAGE, **AUTHORIZATION)

    assert page.status == 200
    assert "Sandbox — simulated Notion" in page.text
    for identity in (f"{LANTERN}:{INES}", f"{LANTERN}:{TOMASZ}", f"{DROMEDARY}:{NOUR}"):
        assert f'value="{identity}"' in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-else"},
        {"redirect_uri": AUTHORIZATION["redirect_uri"] + "/"},
        {"redirect_uri": "https://evil.example/"},
    ],
)
def test_a_request_from_elsewhere_gets_a_page_and_no_redirect(notion, changes):
    shown = notion.get(PAGE, **{**AUTHORIZATION, **changes})
    sent = notion.consent(**changes)

    for answer in (shown, sent):
        assert answer.status == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize("changes", [{"owner": ""}, {"response_type": "token"}])
def test_owner_and_response_type_are_required(notion, changes):
    answer = notion.get(PAGE, **{**AUTHORIZATION, **changes})

    assert answer.query["error"] == "invalid_request"
    assert answer.query["state"] == "a-state"


def test_cancelling_sends_the_person_back_without_a_code(notion):
    answer = notion.consent(action="cancel")

    assert answer.query == {"error": "access_denied", "state": "a-state"}


def test_the_picker_lists_only_what_the_person_has_full_access_to(notion):
    private = notion.find("Home of Tomasz")["id"]

    assert private not in notion.picker(INES)
    assert private in notion.picker(TOMASZ)
    assert notion.consent(pages=[private]).status == 400


def test_a_code_that_is_never_exchanged_grants_nothing(notion):
    notion.consent()

    assert notion.ask("inventory")["grant"] is None


def test_the_picker_of_a_second_visit_shows_what_is_shared(notion):
    handbook = notion.find("Team handbook")["id"]
    notion.connect(pages=[handbook])

    ticked = [page for page, is_ticked in notion.picker().items() if is_ticked]

    assert ticked == [handbook]


@pytest.mark.parametrize("identity", [f"{LANTERN}:{NOUR}", "nobody", ""])
def test_an_unknown_person_gets_a_page(notion, identity):
    assert notion.consent(identity).status == 400
