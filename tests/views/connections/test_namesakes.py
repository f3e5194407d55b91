"""Two accounts of one name are told apart wherever one of them is acted on."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Connection
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_connection

pytestmark = pytest.mark.django_db

PORTAL = {"hub_domain": "harbour.example", "hub_id": 555111}
OURS, OTHERS = "ana@harbour.example", "bo@harbour.example"


@pytest.fixture
@kept
def namesakes(alice: User) -> list[Connection]:
    return [
        make_connection(
            alice,
            remote_id=f"555111:{number}",
            account_name="harbour.example",
            account={**PORTAL, "user_email": email},
        )
        for number, email in enumerate((OURS, OTHERS))
    ]


def test_no_two_controls_of_the_list_have_one_name(
    client: Client, alice: User, namesakes: list[Connection]
) -> None:
    client.force_login(alice)

    page = client.get("/connections/").text

    for control in ("Sync now", "Manage"):
        names = re.findall(rf'{control}<span class="sr-only">(.*?)</span>', page)
        assert len(names) == len(set(names)) == 2, control


@pytest.mark.parametrize("step", ["disconnect", "remove"])
def test_what_is_confirmed_names_its_account(
    client: Client, alice: User, namesakes: list[Connection], step: str
) -> None:
    client.force_login(alice)
    if step == "remove":
        Connection.objects.update(state=Connection.State.DISCONNECTED)
    for connection, own, other in zip(
        namesakes, (OURS, OTHERS), (OTHERS, OURS), strict=True
    ):
        page = unescape(client.get(f"{connection.get_absolute_url()}{step}/").text)
        assert own in page
        assert other not in page


def test_a_message_names_the_account_that_was_paused(
    client: Client, alice: User, namesakes: list[Connection]
) -> None:
    client.force_login(alice)

    page = client.post(f"{namesakes[1].get_absolute_url()}pause/", follow=True)

    [told] = page.context["messages"]
    assert OTHERS in str(told)


def test_accounts_of_two_providers_with_one_name_are_two_choices(
    client: Client, alice: User
) -> None:
    client.force_login(alice)
    for provider in ("hubspot", "airtable"):
        make_connection(alice, provider=provider, account_name="Lantern & Reed")

    filters = client.get("/changes/").context["filters"]

    [choices] = [each["choices"] for each in filters if each["name"] == "connection"]
    texts = [text for _, text in choices]
    assert len(texts) == len(set(texts)) == 3
