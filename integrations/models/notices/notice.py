"""Incidents, the notices that tell of them, and what each user wants to be told."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.connection import Connection
from integrations.models.notices.notice_kind import NoticeKind


class Incident(models.Model):
    """Trouble from when it was noticed to when it was over, told once each.

    One with a connection is its user's affair, by a ``NoticeKind``; one without is the
    operators', by the id of a check. ``subject`` is what it is about, so that there is
    one open incident of each kind and subject.
    """

    SITE = "site"

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    connection = models.ForeignKey(
        Connection,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="incidents",
    )
    severity = models.CharField(max_length=10, default="warning")
    title = models.CharField(max_length=300)
    text = models.CharField(max_length=1000, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    clear_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when nothing is seen of it any more."
    )
    resolved_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject"),
                condition=Q(resolved_at__isnull=True),
                name="incident_open_once",
            ),
        )
        indexes = (
            models.Index(
                fields=("connection",),
                condition=Q(resolved_at__isnull=True),
                name="incident_open_of_connection",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Notice(models.Model):
    """One message by one channel: to a user, or without one to the operators."""

    class Channel(models.TextChoices):
        """Where a message goes."""

        MAIL = "mail", "Mail"
        WEBHOOK = "webhook", "Webhook"

    class Phase(models.TextChoices):
        """What a message says of its incident; the last two have none."""

        OPENED = "opened", "Noticed"
        RESOLVED = "resolved", "Over"
        TEST = "test", "Test"
        DIGEST = "digest", "Digest"

    class State(models.TextChoices):
        """What became of a message."""

        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        SKIPPED = "skipped", "Not needed"
        FAILED = "failed", "Failed"

    # Nothing is put off for longer: quiet hours end within a day.
    LONGEST_WAIT = timedelta(hours=25)
    # How an error begins that is about the address of its reader.
    REFUSED = "this address was refused"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True
    )
    incident = models.ForeignKey(
        Incident,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    phase = models.CharField(max_length=10, choices=Phase.choices)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    text = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "channel", "phase"),
                condition=Q(incident__isnull=False),
                name="notice_once_per_phase",
            ),
        )
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=Q(state="waiting"),
                name="notice_due",
            ),
            models.Index(fields=("-created_at", "-id"), name="notice_newest"),
        )

    def __str__(self) -> str:
        told = self.incident.title if self.incident else self.text
        return f"{self.get_phase_display()}: {told}" if told else self.phase

    @property
    def tone(self) -> str:
        """Return the colour family of its badge."""
        tones = {self.Phase.OPENED: "warn", self.Phase.RESOLVED: "ok"}
        return tones.get(self.Phase(self.phase), "idle")


class NoticeSettings(models.Model):
    """What a user wants to be told by mail, and when; no row means the defaults."""

    class Digest(models.TextChoices):
        """How often the digest of followed items and views is sent."""

        OFF = "off", "Off"
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"

    # A digest is planned a week ahead at most.
    LONGEST_WAIT = timedelta(days=8)

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notice_settings",
    )
    is_mailed = models.BooleanField("mail me notices", default=True)
    needs_reconnect = models.BooleanField(
        NoticeKind.NEEDS_RECONNECT.label, default=True
    )
    stale = models.BooleanField(NoticeKind.STALE.label, default=True)
    quota = models.BooleanField(NoticeKind.QUOTA.label, default=True)
    no_permission = models.BooleanField(NoticeKind.NO_PERMISSION.label, default=True)
    held = models.BooleanField(NoticeKind.HELD.label, default=True)
    provider_paused = models.BooleanField(
        NoticeKind.PROVIDER_PAUSED.label,
        default=False,
        help_text="The staff of this site are told in any case.",
    )
    quiet_from = models.TimeField("quiet from", null=True, blank=True)
    quiet_until = models.TimeField("quiet until", null=True, blank=True)
    browser_zone = models.CharField(
        max_length=64,
        blank=True,
        help_text="The browser's time zone, for an account that has chosen none.",
    )
    digest = models.CharField(max_length=10, choices=Digest.choices, default=Digest.OFF)
    digest_hour = models.PositiveSmallIntegerField(default=8)
    digest_weekday = models.PositiveSmallIntegerField(
        default=0, help_text="The day of a weekly digest; Monday is 0."
    )
    digest_due_at = models.DateTimeField(null=True, blank=True)
    digest_until = models.DateTimeField(
        null=True, blank=True, help_text="Up to when changes were told."
    )

    class Meta:
        verbose_name_plural = "notice settings"
        indexes = (
            models.Index(
                fields=("digest_due_at",),
                condition=Q(digest_due_at__isnull=False),
                name="notice_settings_digest_due",
            ),
        )

    def __str__(self) -> str:
        return f"notice settings of user {self.user_id}"

    def wants(self, kind: str) -> bool:
        """Tell whether the user is mailed of a kind."""
        return self.is_mailed and bool(getattr(self, kind))


class Follow(models.Model):
    """An item or a saved view whose changes a user wants in the digest.

    Of a view, ``shown`` is what it showed when that was last told, and ``left`` are the
    keys of the items that left it by then, the latest first.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )
    item = models.ForeignKey(
        "integrations.Item", on_delete=models.CASCADE, null=True, blank=True
    )
    view = models.ForeignKey(
        "integrations.SavedView", on_delete=models.CASCADE, null=True, blank=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    shown = models.BinaryField(null=True, blank=True)
    left = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("owner", "item"), name="follow_item_once"),
            models.UniqueConstraint(fields=("owner", "view"), name="follow_view_once"),
            models.CheckConstraint(
                condition=Q(item__isnull=True) ^ Q(view__isnull=True),
                name="follow_item_or_view",
            ),
        )

    def __str__(self) -> str:
        return str(self.item or self.view)
