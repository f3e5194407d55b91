"""Remember what holds for a whole provider, and which processes are alive."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from integrations.models import times
from integrations.models.messages import wording


class ProviderState(models.Model):
    """Pause one provider for everybody and say why to staff."""

    # One probe of a half-open circuit in so long.
    PAUSE = timedelta(minutes=1)
    CLIENT_REJECTED = "client_rejected"
    # A refusal so soon after another one is the same trouble.
    NEWS_FOR = timedelta(minutes=10)
    # No pause is longer; what lies further ahead was set by a clock ahead.
    LONGEST_PAUSE = timedelta(hours=1)

    provider = models.CharField(max_length=40, primary_key=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(default=timezone.now)
    clock_skew_seconds = models.IntegerField(
        null=True,
        blank=True,
        help_text="By how much our clock is ahead of the provider's, if much.",
    )

    def __str__(self) -> str:
        return f"{self.provider}: {self.reason or 'ok'}"

    @property
    def is_paused(self) -> bool:
        """Tell whether nobody should ask this provider for tokens now."""
        now, until = timezone.now(), self.paused_until
        if until is None or times.is_ahead(self.since, now):
            return False
        return times.is_to_come(until, now, longest=self.LONGEST_PAUSE)

    @property
    def was_paused_lately(self) -> bool:
        """Tell whether its last refusal is so new that another one is no news."""
        return self.is_refusal and not times.is_over(
            self.since, self.NEWS_FOR, timezone.now()
        )

    @property
    def is_refusal(self) -> bool:
        """Tell whether it refused this site's client, and was not cleared since."""
        return self.reason == self.CLIENT_REJECTED


class Heartbeat(models.Model):
    """When a kind of process last did its work."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {wording.time_text(self.at)}"


class CheckReport(models.Model):
    """What a check found when a clock last ran it: on one machine, or of the site.

    Panel, metrics and notices read of it what they cannot run themselves. The machine
    is empty where the site is meant.
    """

    machine = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=60)
    at = models.DateTimeField(db_index=True)
    is_ok = models.BooleanField()
    found = models.TextField(blank=True)
    parts = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=100, blank=True)
    passed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("machine", "name"), name="one_report_of_a_check"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} of {self.machine or 'the site'}"
