"""Every code has a sentence, and none shows what a user cannot read."""

from typing import Any

import pytest

from integrations.models import wording
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.kinds import DeletionKind, IncompleteKind, PendingKind


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_code_is_worded_even_without_its_data(code: ReasonCode) -> None:
    text = wording.reason_text(Reason(code=code))

    assert text
    assert "_" not in text


@pytest.mark.parametrize("kind", [*IncompleteKind, *PendingKind])
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
        ("not_found", {"message": "nothing there"}, "nothing there"),
        (
            "connector_error",
            {"count": 3, "reference": "00ff"},
            "3 items could not be read: our mistake (reference 00ff)",
        ),
        (
            "full_refresh_failed",
            {"because": {"code": "rate_limited"}},
            "reading everything failed: waiting for the provider's rate limit",
        ),
        (
            "quota_exhausted",
            {"until": "2026-12-01T00:00:00+00:00"},
            "the provider's quota is used up until 1 Dec 2026, 00:00 UTC",
        ),
        (
            "quota_exhausted",
            {"until": "2026-12-01T00:00:00+00:00", "message": "no more"},
            "no more until 1 Dec 2026, 00:00 UTC",
        ),
        ("a code of a later version", {}, "for a reason that is not known any more"),
    ],
)
def test_a_sentence_is_made_of_its_data(
    code: str, data: dict[str, Any], text: str
) -> None:
    assert wording.reason_text(Reason.stored(code, data)) == text
