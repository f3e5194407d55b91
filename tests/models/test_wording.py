"""Every code has a sentence, and none shows what a user cannot read."""

from typing import Any

import pytest

from integrations.models.messages import wording
from integrations.models.reasons import Reason, ReasonCode, StateReason
from integrations.providers import SPECS
from integrations.providers.kinds import (
    CutKind,
    DeletionKind,
    IncompleteKind,
    PendingKind,
)


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_code_is_worded_even_without_its_data(code: ReasonCode) -> None:
    text = wording.reason_text(Reason(code=code))

    assert text
    assert "_" not in text


@pytest.mark.parametrize("kind", [*IncompleteKind, *PendingKind, *CutKind])
def test_what_a_connector_tells_is_a_code_that_can_be_stored(kind: str) -> None:
    assert kind in ReasonCode.values


@pytest.mark.parametrize("kind", list(DeletionKind))
def test_every_deletion_is_worded_without_its_id(kind: DeletionKind) -> None:
    text = wording.deletion_text(kind, "77")

    assert text
    assert kind is DeletionKind.UNKNOWN or "77" not in text


@pytest.mark.parametrize(
    ("code", "data", "text"),
    [
        ("unreadable_items", {"count": 1}, "1 item could not be read"),
        ("unreadable_items", {"count": 2000}, "2,000 items could not be read"),
        (
            "no_permission",
            {"scopes": ["crm.objects.companies.read"]},
            "the permission “Read companies” is missing",
        ),
        (
            "no_permission",
            {"scopes": ["crm.objects.deals.read", "x.y", "crm.objects.contacts.read"]},
            "the permissions “Read deals” and “Read contacts” are missing",
        ),
        ("no_permission", {"scopes": ["a", "b"]}, "needs a, b"),
        (
            "not_found",
            {"message": "id: expected a UUID"},
            "the provider has nothing there any more",
        ),
        (
            "capped",
            {"number": 10_000},
            "the provider lists no more than 10,000 of them",
        ),
        (
            "connector_error",
            {"count": 3, "reference": "00ff"},
            "3 items could not be read: our mistake (reference 00ff)",
        ),
        (
            "full_refresh_failed",
            {"because": {"code": "rate_limited"}},
            "the full refresh failed: waiting for the provider's rate limit",
        ),
        (
            "quota_exhausted",
            {"until": "2026-12-01T00:00:00+00:00"},
            "the provider's quota is used up until 1 Dec 2026, 00:00 UTC",
        ),
        ("a code of a later version", {}, "for a reason that is not known any more"),
    ],
)
def test_a_sentence_is_made_of_its_data(
    code: str, data: dict[str, Any], text: str
) -> None:
    assert wording.reason_text(Reason.stored(code, data)) == text


@pytest.mark.parametrize("reason", list(StateReason))
def test_every_reason_of_a_state_is_worded(reason: StateReason) -> None:
    assert "_" not in wording.state_text(reason)
    assert wording.state_text(reason)


def test_a_reason_that_is_not_known_any_more_is_no_code_on_a_page() -> None:
    assert "_" not in wording.state_text("of_a_later_version")
    assert wording.state_text("") == ""


@pytest.mark.parametrize("provider", list(SPECS))
def test_what_only_one_provider_does_is_in_its_own_words(provider: str) -> None:
    for code, own in SPECS[provider].reason_texts.items():
        reason = Reason.of(ReasonCode(code), number=1234)
        text = wording.reason_text(reason, provider)

        assert text == own.format(number="1,234")
        assert text != wording.reason_text(reason)
