"""A success that does not say what was asked decides nothing about an edit."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.http.sending.transport import Response
from integrations.models import Edit, Item
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.test_hostile_answers import (
    BY_ADDRESS,
    READ,
    change_city,
    meddle,
)

__all__ = ["meddle"]

State = Edit.State


@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": ["x"]}])
def test_an_answer_without_an_id_does_not_say_that_a_contact_is_new(
    desk: Desk, meddle: Callable[..., None], answer: dict[str, Any]
) -> None:
    meddle(BY_ADDRESS, lambda _: (200, answer), is_sent=False)
    edit = desk.create(email="odd@example.com")

    desk.deliver(edit)
    assert edit.state == State.WAITING
    assert desk.with_address("odd@example.com") == []

    desk.finish(edit)
    assert desk.with_address("odd@example.com") == [edit.remote_id]


def test_a_record_of_another_id_is_not_the_one_that_is_changed(
    desk: Desk, meddle: Callable[..., None]
) -> None:
    item, other, *_ = desk.items()
    city = desk.there(other.remote_id).get("city")

    def swap(answer: Response) -> tuple[int, Any]:
        body = json.loads(answer.body)
        for row in body["results"]:
            row["id"] = other.remote_id
        return answer.status, body

    meddle(READ, swap)

    [edit] = change_city(desk, [item], is_batch=False)

    assert (edit.state, edit.remote_id) == (State.SAVED, item.remote_id)
    assert desk.there(item.remote_id)["city"] == "Fresh"
    assert desk.there(other.remote_id).get("city") == city


def test_a_contact_is_archived_when_hubspot_does_not_know_it_any_more(
    desk: Desk, meddle: Callable[..., None]
) -> None:
    item = desk.item()
    meddle("DELETE", lambda _: (200, {}), is_sent=False)

    edit = desk.deliver(desk.archive(item))
    assert edit.state == State.UNKNOWN
    assert Item.objects.live().filter(pk=item.pk).exists()

    desk.finish(edit)
    assert edit.state == State.SAVED
    assert not Item.objects.live().filter(pk=item.pk).exists()
