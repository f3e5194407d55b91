"""A change on its way to a provider: the outbox of what users edit here."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from integrations.models import times
from integrations.models.collection import Collection
from integrations.models.connection import Connection
from integrations.models.items.item import Item, ItemChange
from integrations.models.paths import path_of
from integrations.models.reasons import Reason, reason_choices
from integrations.models.writing.bulk_edit import BulkEdit


class EditQuerySet(models.QuerySet["Edit"]):
    """Select edits by what is to be done with them."""

    def open(self) -> "EditQuerySet":
        """Return those whose outcome is not known yet."""
        return self.filter(state__in=Edit.OPEN)

    def being_sent(self, now: datetime) -> "EditQuerySet":
        """Return those whose answer a worker waits for now."""
        is_over = times.come("lease_until", now, longest=Edit.longest_lease())
        sent = self.filter(state=Edit.State.SENDING, lease_until__isnull=False)
        return sent.exclude(is_over)

    def cancelled_unsent(self) -> "EditQuerySet":
        """Return those that are open, and that nobody sends or looks for any more."""
        return self.open().filter(cancelled_at__isnull=False, sent_at__isnull=True)

    def deliverable(self, now: datetime) -> "EditQuerySet":
        """Return those that a worker may take: due, free, first of their item."""
        is_free = Q(lease_until__isnull=True) | times.come(
            "lease_until", now, longest=Edit.longest_lease()
        )
        earlier = Edit.objects.open().filter(
            order_key=OuterRef("order_key"), pk__lt=OuterRef("pk")
        )
        syncable = Connection.objects.syncable()
        # Looking for what was cancelled writes nothing: editing may be off.
        is_allowed = Q(connection__in=syncable.filter(is_editing=True)) | Q(
            cancelled_at__isnull=False, connection__in=syncable
        )
        # Of what was cancelled it is yet looked whether it arrived.
        is_wanted = Q(sent_at__isnull=False) | Q(cancelled_at__isnull=True)
        return self.open().filter(
            is_free,
            is_wanted,
            is_allowed,
            ~Exists(earlier),
            times.come("due_at", now, longest=Edit.LONGEST_WAIT),
        )


class Edit(models.Model):
    """One change of one item, sent at most once in effect.

    ``values`` are the new values in the provider's form, ``base`` those that the form
    showed, ``theirs`` what a worker found there instead; all by the names of fields.
    ``refused`` maps fields to the code and the words of a refusal. ``sent_at`` is
    the intent: from then until the answer is stored, nobody knows whether it arrived.
    What has ``cancelled_at`` is looked for if it was sent, and never sent again.
    Edits of one ``order_key`` are delivered one after the other.
    """

    class Verb(models.TextChoices):
        """What is done with the item."""

        CREATE = "create", "Create"
        UPDATE = "update", "Change"
        ARCHIVE = "archive", "Archive"

    class State(models.TextChoices):
        """Where the edit is."""

        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Saving"
        UNKNOWN = "unknown", "Looking whether it arrived"
        SAVED = "saved", "Saved"
        REFUSED = "refused", "Refused"
        CONFLICT = "conflict", "Changed there meanwhile"
        CANCELLED = "cancelled", "Discarded"

    OPEN = (State.WAITING, State.SENDING, State.UNKNOWN)
    # A user decides what becomes of these.
    UNDECIDED = (State.REFUSED, State.CONFLICT)
    # A daily quota comes back at the account's midnight.
    LONGEST_WAIT = timedelta(hours=25)

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="edits"
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="edits"
    )
    item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="edits"
    )
    change = models.OneToOneField(
        ItemChange,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="edit",
    )
    undoes = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="undone"
    )
    # The many that it is one of; its index is a part of one below.
    bulk_edit = models.ForeignKey(
        BulkEdit,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="edits",
        db_index=False,
    )
    # The provider refused a batch as a whole without saying which of it.
    is_sent_alone = models.BooleanField(default=False, db_default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    verb = models.CharField(max_length=10, choices=Verb.choices)
    remote_id = models.CharField(max_length=255, blank=True)
    order_key = models.CharField(max_length=320)
    values = models.JSONField(default=dict, blank=True)
    base = models.JSONField(default=dict, blank=True)
    theirs = models.JSONField(default=dict, blank=True)
    refused = models.JSONField(default=dict, blank=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    reason = models.CharField(max_length=40, choices=reason_choices, blank=True)
    reason_data = models.JSONField(default=dict, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    correlation_id = models.CharField(max_length=200, blank=True)
    lease_id = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = EditQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            # Not of open edits only: SQLite uses no such index where the states are
            # parameters, and looked through all earlier edits for each.
            models.Index(fields=("state", "due_at"), name="edit_state_due"),
            models.Index(fields=("order_key", "id"), name="edit_item_order"),
            models.Index(fields=("ended_at",), name="edit_age"),
            models.Index(
                fields=("bulk_edit", "state", "id"),
                condition=Q(bulk_edit__isnull=False),
                name="edit_bulk",
            ),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.remote_id or 'a new item'}: {self.state}"

    def get_absolute_url(self) -> str:
        """Return the address of the page that shows how it goes."""
        return path_of("edit-detail", self.uuid)

    @staticmethod
    def lease_length() -> timedelta:
        """Return how long a worker may be silent while nothing is being sent."""
        return timedelta(seconds=settings.STALE_RUN_SECONDS)

    @classmethod
    def longest_lease(cls) -> timedelta:
        """Return that while something is: its call may arrive after its worker died."""
        call = timedelta(seconds=settings.HTTP_TOTAL_TIMEOUT + 5)
        return max(cls.lease_length(), call)

    @property
    def is_open(self) -> bool:
        """Tell whether its outcome is not known yet."""
        return self.state in self.OPEN

    @property
    def is_sent_together(self) -> bool:
        """Tell whether it is delivered with the others of its bulk edit."""
        return self.bulk_edit_id is not None and not self.is_sent_alone

    @property
    def is_undecided(self) -> bool:
        """Tell whether it waits for its user."""
        return self.state in self.UNDECIDED

    @property
    def may_have_arrived(self) -> bool:
        """Tell whether it was sent, and its answer was never stored."""
        return self.sent_at is not None

    @property
    def is_being_sent(self) -> bool:
        """Tell whether a worker waits for its answer now."""
        now, longest = timezone.now(), self.longest_lease()
        is_leased = times.is_to_come(self.lease_until, now, longest=longest)
        return self.state == self.State.SENDING and is_leased

    @property
    def is_cancelled(self) -> bool:
        """Tell whether it is not to be sent any more."""
        return self.cancelled_at is not None

    @property
    def existing_item(self) -> Item | None:
        """Return the item that has the identity which was refused, if it is known."""
        remote_id = self.reason_data.get("existing", "")
        if self.state != self.State.REFUSED or not remote_id:
            return None
        live = Item.objects.live().filter(collection=self.collection_id)
        return live.filter(remote_id=remote_id).first()

    @property
    def why(self) -> Reason | None:
        """Return what it waits for, or why it was refused."""
        return Reason.stored(self.reason, self.reason_data)
