"""Preferences of an account."""

from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.times import ahead


class Preferences(models.Model):
    """What a user has chosen for all pages; no row means nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="preferences",
    )
    time_zone = models.CharField(
        max_length=64, blank=True, help_text="Empty means the browser's."
    )

    changes_seen_at = models.DateTimeField(
        null=True, blank=True, help_text="Up to when the changes were read."
    )
    visited_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the user was here before they last signed out.",
    )
    has_shortcuts = models.BooleanField("keyboard shortcuts", default=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of user {self.user_id}"


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones that are known here."""
    return frozenset(available_timezones())


def to_zone(name: str) -> ZoneInfo | None:
    """Return the zone of a name, None for a name that is none.

    Nothing else may reach ZoneInfo, which looks for files of that name.
    """
    return ZoneInfo(name) if name in zone_names() else None


def preferences_of(user: Any) -> Preferences:
    """Return what a user has chosen; nothing chosen is a row that is not stored."""
    return Preferences.objects.filter(user=user.pk).first() or Preferences()


def note_visit(user: Any, at: datetime) -> None:
    """Keep when a user was here, whom another session shall know; it never goes back.

    One of a clock that was ahead is replaced all the same.
    """
    row, _ = Preferences.objects.get_or_create(user=user)
    was = Q(visited_at__isnull=True) | Q(visited_at__lt=at)
    was |= ahead("visited_at", timezone.now())
    Preferences.objects.filter(was, pk=row.pk).update(visited_at=at)


def zone_of(user: Any) -> ZoneInfo | None:
    """Return the time zone that a user has chosen, if any."""
    return to_zone(preferences_of(user).time_zone)
