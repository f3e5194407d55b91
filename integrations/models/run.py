"""One run of a sync: what asked for it, how far it got, how it ended."""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.models import wording
from integrations.models.connection import Connection
from integrations.models.progress import CollectionProgress, ProgressState
from integrations.models.reasons import Reason, ReasonCode
from integrations.models.times import is_ahead

# A wait so short is none that anybody has to know of.
SHORT_WAIT = timedelta(seconds=2)
TRIGGERS = {
    "connect": "just connected",
    "reconnect": "reconnected",
    "user": "asked for by a user",
    "staff": "asked for by staff",
    "schedule": "on schedule",
    "console": "from the console",
}


class SyncRun(models.Model):
    """Record one run of a sync over the collections of one connection.

    ``progress`` holds a ``CollectionProgress`` per collection, as JSON.
    ``lease_id`` and ``lease_until`` name the worker that is on it; a slice writes
    only while it still holds the lease.
    """

    class State(models.TextChoices):
        """Where the run is."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"

    class Outcome(models.TextChoices):
        """How a finished run ended."""

        COMPLETE = "complete", "Complete"
        PARTIAL = "partial", "Partial"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        QUARANTINED = "quarantined", "Stopped: it kept killing its worker"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="runs"
    )
    generation = models.PositiveIntegerField(default=1)
    trigger = models.CharField(max_length=20)
    is_full = models.BooleanField(default=False)
    is_interactive = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=40, choices=ReasonCode.choices, blank=True)
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
    requests = models.PositiveIntegerField(default=0)
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
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=("queued", "running")),
                name="sync_run_open",
            ),
            models.Index(fields=("connection", "-queued_at"), name="sync_run_latest"),
            models.Index(
                fields=("lease_until",),
                condition=Q(lease_until__isnull=False),
                name="sync_run_leased",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} sync of {wording.time_text(self.queued_at)}"

    def get_absolute_url(self) -> str:
        """Return the address of the run's own page."""
        return reverse("integrations:run-detail", args=(self.pk,))

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
        until = self.lease_until
        return self.is_open and until is not None and until > timezone.now()

    @property
    def is_abandoned(self) -> bool:
        """Tell whether its worker has neither released nor renewed its lease."""
        return self.is_open and self.lease_id is not None and not self.is_working

    @property
    def is_waiting(self) -> bool:
        """Tell whether it goes on later, with nobody on it until then."""
        has_begun = self.is_open and self.started_at is not None
        now = timezone.now()
        # What a clock that was ahead has set is due already.
        is_set_ahead = is_ahead(self.released_at or self.queued_at, now)
        is_later = self.due_at > now + SHORT_WAIT and not is_set_ahead
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
        codes = (entry.reason.code for entry in self.entries.values() if entry.reason)
        is_empty = not self.progress or ReasonCode.NOTHING_SHARED in codes
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
    def entries(self) -> dict[str, CollectionProgress]:
        """Return what is noted of each collection, by its key.

        In a run that has ended nothing is being read, whatever was noted last.
        """
        noted = {
            key: CollectionProgress.from_json(entry)
            for key, entry in self.progress.items()
        }
        if self.is_open:
            return noted
        return {key: entry.ended() for key, entry in noted.items()}

    @property
    def reason_text(self) -> str:
        """Return in words why it did not end complete, collection by collection."""
        if self.reason != ReasonCode.COLLECTIONS:
            return wording.reason_text(Reason.stored(self.reason, self.reason_data))
        return "; ".join(
            f"{entry.name}: {wording.reason_text(entry.reason)}"
            for entry in self.entries.values()
            if entry.state != ProgressState.DONE
        )

    @property
    def trigger_text(self) -> str:
        """Return in words what asked for the run."""
        return TRIGGERS.get(self.trigger, self.trigger)

    @property
    def duration(self) -> timedelta | None:
        """Return how long it took, or has taken so far."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at
