"""Secret addresses of feeds: made, found by their digest, taken back."""

import secrets
from hashlib import sha256
from typing import Final

from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone

from integrations.models import SavedView, ViewFeed
from integrations.services.common import audit
from integrations.services.common.proof import RecentProof

# Readers look every few minutes; nobody needs more in one.
MOST_A_MINUTE: Final = 30
WINDOW_SECONDS: Final = 60


def make(view: SavedView, *, proof: RecentProof) -> str:
    """Return a new secret for the feed of a view; a former one ends with it."""
    secret = secrets.token_urlsafe(32)
    told = {"digest": _digest(secret), "made_at": timezone.now()}
    ViewFeed.objects.update_or_create(view=view, defaults=told)
    audit.record("feed.made", user=proof.user, subject=view.pk)
    return secret


def revoke(view: SavedView, *, user: User) -> None:
    """End the feed of a view: its address leads nowhere any more."""
    if ViewFeed.objects.filter(view=view).delete()[0]:
        audit.record("feed.revoked", user=user, subject=view.pk)


def find(secret: str) -> SavedView | None:
    """Return the view whose feed has this secret, None for no feed of anybody."""
    feeds = ViewFeed.objects.select_related("view__owner")
    feed = feeds.filter(digest=_digest(secret), view__owner__is_active=True).first()
    return feed.view if feed else None


def _digest(secret: str) -> str:
    """Return a digest; the secret is random and long, so that it needs no salt."""
    return sha256(secret.encode()).hexdigest()


def is_too_often(who: str) -> bool:
    """Count a request of one address or one feed; tell whether it is one too many."""
    key = f"feed:{_digest(who)[:32]}"
    if cache.add(key, 1, WINDOW_SECONDS):
        return False
    try:
        return int(cache.incr(key)) > MOST_A_MINUTE
    except ValueError:
        # The window has ended in this very moment.
        return False
