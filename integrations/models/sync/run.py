"""One run of a sync: what asked for it, how far it got, how it ended."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models import times
from integrations.models.connection import Connection
from integrations.models.messages import wording
from integrations.models.paths import path_of
from integrations.models.reasons import Reason, ReasonCode, reason_choices
from integrations.models.sync.progress import (
    CollectionProgress,
    ProgressState,
    RunProgress,
)

# A wait so short is none that anybody has to know of.
SHORT_WAIT = timedelta(seconds=2)


OUTCOME_TONES = {
    "complete": "ok",
    "partial": "warn",
    "failed": "bad",
    "quarantined": "bad",
}


class SyncRun(models.Model):
    """Record one run of a sync over the collections of one connection.

    ``progress`` holds a ``RunProgress`` as JSON.
    ``lease_id`` and ``lease_until`` name the worker that is on it; a slice writes
    only while it still holds the lease.
    """

    class State(models.TextChoices):
        """Where the run is."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"

    class Trigger(models.TextChoices):
        """What asked for it."""

        CONNECT = "connect", "Just connected"
        RECONNECT = "reconnect", "Reconnected"
        USER = "user", "Asked for by a user"
        STAFF = "staff", "Asked for by staff"
        SCHEDULE = "schedule", "On schedule"
        RETRY = "retry", "Tried again by itself"
        CONSOLE = "console", "From the console"

        @property
        def is_interactive(self) -> bool:
            """Tell whether somebody waits for it."""
            return self not in (self.SCHEDULE, self.RETRY)

    class Outcome(models.TextChoices):
        """How a finished run ended."""

        COMPLETE = "complete", "Complete"
        PARTIAL = "partial", "Partial"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        QUARANTINED = "quarantined", "Stopped: it kept killing its worker"

    OPEN = (State.QUEUED, State.RUNNING)
    ENDED_BADLY = (Outcome.FAILED, Outcome.QUARANTINED)
    # A Retry-After of a day, or midnight after the longest day, and some minutes.
    LONGEST_WAIT = timedelta(hours=26)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="runs"
    )
    generation = models.PositiveIntegerField(default=1)
    trigger = models.CharField(max_length=20, choices=Trigger.choices)
    is_full = models.BooleanField(default=False)
    is_interactive = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=40, choices=reason_choices, blank=True)
    reason_data = models.JSONField(default=dict, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    seen = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    first_read = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Created by the first full refresh of a collection: not new there.",
    )
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)
    texts = models.PositiveIntegerField(default=0)
    texts_left = models.CharField(
        max_length=40,
        choices=reason_choices,
        blank=True,
        default="",
        db_default="",
        help_text="Why texts were left that no sync before has left: it may pass soon.",
    )
    requests = models.PositiveIntegerField(default=0)
    spot_check_requests = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Those of its requests that spot checks made.",
    )
    waited_seconds = models.FloatField(default=0)
    slices = models.PositiveIntegerField(default=0)
    deliveries = models.PositiveSmallIntegerField(default=0)
    workers_lost = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How often a worker vanished, or stood still, in the middle of it.",
    )
    worker_lost_at = models.DateTimeField(
        null=True, blank=True, help_text="When another one took over for the last."
    )
    failures = models.PositiveSmallIntegerField(default=0)
    is_cancel_requested = models.BooleanField(default=False)
    turn_of = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="The user whose turn it takes, nobody once it has ended.",
    )
    lease_id = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="When its last slice ended and set the wait."
    )
    enqueued_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    # Whether today's keys open its connection's tokens; no column, who knows sets it.
    has_key = True

    class Meta:
        ordering = ("-queued_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("connection",),
                condition=Q(state__in=("queued", "running")),
                name="sync_run_one_open_per_connection",
            ),
        )
        indexes = (
            # Not of open runs only, nor of failed ones: SQLite uses no such index where
            # the states are parameters, and looked through all runs.
            models.Index(fields=("state", "due_at"), name="sync_run_state_due"),
            models.Index(fields=("outcome", "finished_at"), name="sync_run_outcome"),
            models.Index(fields=("connection", "-queued_at"), name="sync_run_latest"),
            models.Index(fields=("-queued_at", "-id"), name="sync_run_newest"),
            models.Index(
                fields=("lease_until",),
                condition=Q(lease_until__isnull=False),
                name="sync_run_leased",
            ),
            models.Index(
                fields=("turn_of", "due_at"),
                condition=Q(turn_of__isnull=False),
                name="sync_run_turns",
            ),
            models.Index(
                fields=("is_interactive", "due_at"),
                condition=Q(finished_at__isnull=True),
                name="sync_run_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} sync of {wording.time_text(self.queued_at)}"

    def get_absolute_url(self) -> str:
        """Return the address of the run's own page."""
        return path_of("run-detail", self.pk)

    @property
    def is_open(self) -> bool:
        """Tell whether the run has not ended."""
        return self.state != self.State.FINISHED

    @property
    def new(self) -> int:
        """Return how many items appeared at the provider, not only here."""
        return self.created - self.first_read

    @property
    def is_ending(self) -> bool:
        """Tell whether its worker will stop at the next checkpoint."""
        connection = self.connection
        is_due = connection.is_syncable and connection.generation == self.generation
        is_called_off = self.is_cancel_requested or not is_due or not self.has_key
        return self.is_open and is_called_off

    @property
    def is_working(self) -> bool:
        """Tell whether a worker is on it."""
        now, longest = timezone.now(), self.lease_length()
        is_leased = times.is_to_come(self.lease_until, now, longest=longest)
        return self.is_open and is_leased

    @staticmethod
    def lease_length() -> timedelta:
        """Return how long a worker may be silent before another one takes over."""
        return timedelta(seconds=settings.STALE_RUN_SECONDS)

    def is_due_later(self, now: datetime) -> bool:
        """Tell whether its time is still to come, and set by a clock that was right."""
        is_set_ahead = times.is_ahead(self.released_at or self.queued_at, now)
        is_later = times.is_to_come(self.due_at, now, longest=self.LONGEST_WAIT)
        return is_later and not is_set_ahead

    @property
    def is_abandoned(self) -> bool:
        """Tell whether its worker has neither released nor renewed its lease."""
        return self.is_open and self.lease_id is not None and not self.is_working

    @property
    def is_waiting(self) -> bool:
        """Tell whether it goes on later, with nobody on it until then."""
        has_begun = self.is_open and self.started_at is not None
        is_later = self.is_due_later(timezone.now() + SHORT_WAIT)
        is_idle = not self.is_working and not self.is_ending
        return has_begun and is_later and is_idle

    @property
    def wait_reason(self) -> Reason | None:
        """Return what it waits for, None when it does not."""
        stored = Reason.stored(self.reason, self.reason_data)
        return stored if self.is_waiting else None

    @property
    def has_read_nothing(self) -> bool:
        """Tell whether it ended well because there was nothing to read."""
        if self.reason == ReasonCode.EMPTY:
            return True
        codes = (entry.reason.code for entry in self.entries.values() if entry.reason)
        is_empty = not self.entries or ReasonCode.NOTHING_SHARED in codes
        has_counted = self.seen or self.created or self.changed or self.deleted
        return self.outcome == self.Outcome.COMPLETE and is_empty and not has_counted

    @property
    def result_text(self) -> str:
        """Return how it ended, or where it is while it is open."""
        if self.has_read_nothing:
            return "Nothing to read"
        if self.is_ending:
            return "Stopping"
        if self.is_waiting:
            return "Waiting"
        return self.get_outcome_display() or self.get_state_display()

    @property
    def tone(self) -> str:
        """Return the colour family of how it ended, or how it is: ok, busy, warn."""
        if self.has_read_nothing or self.is_waiting:
            return "idle"
        if self.outcome:
            return OUTCOME_TONES.get(self.outcome, "idle")
        return "busy" if self.state == self.State.RUNNING else "idle"

    @property
    def noted(self) -> RunProgress:
        """Return what is noted, as it is stored."""
        return RunProgress.from_json(self.progress)

    @property
    def entries(self) -> dict[str, CollectionProgress]:
        """Return what is noted of each collection, and of a listing that lacks parts.

        In a run that has ended nothing is being read, whatever was noted last.
        """
        noted = self.noted
        entries, listing = dict(noted.collections), noted.listing
        if listing and (listing.reason or listing.state is ProgressState.FAILED):
            entries[noted.LISTING] = listing
        if self.is_open:
            return entries
        return {key: entry.ended() for key, entry in entries.items()}

    @property
    def reason_text(self) -> str:
        """Return in words why it did not end complete, collection by collection."""
        provider = self.connection.provider
        if self.reason != ReasonCode.COLLECTIONS:
            reason = Reason.stored(self.reason, self.reason_data)
            return wording.reason_text(reason, provider)
        return "; ".join(
            f"{entry.name}: {wording.reason_text(entry.reason, provider)}"
            for entry in self.entries.values()
            if entry.state != ProgressState.DONE
        )

    @property
    def trigger_text(self) -> str:
        """Return in words what asked for the run."""
        text = str(self.get_trigger_display())
        return text[:1].lower() + text[1:]

    @property
    def duration(self) -> timedelta | None:
        """Return how long it took, or has taken so far."""
        if self.started_at is None:
            return None
        took = (self.finished_at or timezone.now()) - self.started_at
        # Less than nothing where the clock was set back meanwhile.
        return max(took, timedelta())
