"""The plan that a user names before the consent, where calls of a month are limited."""

from django.contrib.auth.models import User
from django.test import Client

from integrations.models import AuthorizationState


def test_the_plan_is_asked_where_calls_are_limited(client: Client, alice: User) -> None:
    client.force_login(alice)

    limited = client.get("/connections/connect/airtable/")
    free = client.get("/connections/connect/hubspot/")

    assert 'name="plan"' in limited.content.decode()
    assert next(plan.slug for plan in limited.context["plans"]) == "free"
    assert 'name="plan"' not in free.content.decode()


def test_what_is_said_waits_with_the_state_and_not_with_the_provider(
    client: Client, alice: User
) -> None:
    client.force_login(alice)

    answer = client.post("/integrations/airtable/authorize", {"plan": "team"})

    assert AuthorizationState.objects.get().plan == "team"
    assert "team" not in answer.headers["Location"]
