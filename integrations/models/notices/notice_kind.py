"""Kinds of notices to users, by code and in words."""

from django.db import models


class NoticeKind(models.TextChoices):
    """What users are told of; the same words are columns of their settings."""

    NEEDS_RECONNECT = "needs_reconnect", "A connection needs reconnecting"
    STALE = "stale", "Data is older than promised"
    QUOTA = "quota", "The calls of an account are nearly used up"
    NO_PERMISSION = "no_permission", "A collection can no longer be read"
    HELD = "held", "Deletions wait for your decision"
    PROVIDER_PAUSED = "provider_paused", "A provider refuses this site"
