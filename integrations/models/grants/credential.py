"""Remember the sealed tokens of a connection and every attempt to refresh them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.connection import Connection
from integrations.models.messages import wording


class Credential(models.Model):
    """The encrypted tokens of one connection, in a row apart from the connection's.

    ``version`` grows with every stored pair of tokens; ``generation`` is the
    connection's grant generation they belong to. The ``lease_*`` and ``attempt_*``
    columns belong to ``services.refresh``: a lease is a hint, the conditional
    updates on version, generation and attempt are what keeps a grant safe.
    """

    connection = models.OneToOneField(
        Connection,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="credential",
    )
    generation = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    access_token = models.TextField()
    refresh_token = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=16, blank=True)
    access_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    issued_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the provider answered with the grant, not with a renewal.",
    )
    refreshed_at = models.DateTimeField(default=timezone.now)
    refresh_due_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    lease_id = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt_id = models.UUIDField(null=True, blank=True)
    attempt_started_at = models.DateTimeField(null=True, blank=True)
    unknown_outcomes = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = (
            models.Index(
                fields=("refresh_due_at",),
                condition=Q(refresh_due_at__isnull=False),
                name="credential_due",
            ),
            models.Index(
                fields=("attempt_started_at",),
                condition=Q(attempt_id__isnull=False),
                name="credential_open_attempt",
            ),
        )

    def __str__(self) -> str:
        return f"credential of {self.connection_id}, version {self.version}"

    @property
    def is_expired(self) -> bool:
        """Tell whether the access token's life is over."""
        expires_at = self.access_expires_at
        return expires_at is not None and expires_at <= timezone.now()


class RefreshAttempt(models.Model):
    """One attempt to refresh a credential; never a secret in it."""

    class Outcome(models.TextChoices):
        """Name the closed set of outcomes of a token request."""

        STARTED = "started", "In progress"
        REFRESHED = "refreshed", "Refreshed"
        GRANT_REJECTED = "grant_rejected", "Grant refused"
        CLIENT_REJECTED = "client_rejected", "This site was refused"
        REQUEST_REJECTED = "request_rejected", "Request refused"
        CONFLICT = "conflict", "Refreshed elsewhere a moment ago"
        RATE_LIMITED = "rate_limited", "Rate limited"
        SERVER = "server", "Provider error"
        NOT_SENT = "not_sent", "Provider not reached"
        UNKNOWN = "unknown", "Sent, no answer"
        MALFORMED = "malformed", "Unreadable answer"
        FALLBACK_STORED = (
            "fallback_stored",
            "Refreshed, stored once the database was back",
        )
        SUPERSEDED = "superseded", "Result not needed any more"
        ABANDONED = "abandoned", "Cut off"

    id = models.UUIDField(primary_key=True, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="refresh_attempts"
    )
    why = models.CharField(max_length=40)
    outcome = models.CharField(
        max_length=20, choices=Outcome.choices, default=Outcome.STARTED
    )
    started_at = models.DateTimeField(default=timezone.now)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    fingerprint = models.CharField(max_length=16, blank=True)
    generation = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-started_at", "-id")
        indexes = (
            models.Index(
                fields=("connection", "-started_at"), name="refresh_attempt_latest"
            ),
            models.Index(fields=("-started_at", "-id"), name="refresh_attempt_newest"),
        )

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} at {wording.time_text(self.started_at)}"
