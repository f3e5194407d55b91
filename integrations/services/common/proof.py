"""Proof of who asks, which every deletion that cannot be undone needs."""

from django.contrib.auth.models import User
from msgspec import Struct


class RecentProof(Struct, frozen=True, kw_only=True):
    """Evidence that a user has just given a password or a second factor.

    Whoever has neither cannot be asked, and proves enough by the session. Only what
    has checked that makes one: ``views.access``, the admin, and ``--as`` of a
    console.
    """

    user: User
