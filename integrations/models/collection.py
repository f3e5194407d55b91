"""One listable set inside a connection, and how far it has been read."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from integrations.models import times
from integrations.models.connection import Connection
from integrations.models.messages import wording
from integrations.models.ordered_json import OrderedJSONField
from integrations.models.reasons import Reason, columns, reason_choices
from integrations.models.sync.hold import HeldDeletions
from integrations.providers.kinds import CutKind
from integrations.providers.typed import typed_json


class Completeness(models.TextChoices):
    """How much of the collection is proven to be here."""

    PENDING = "pending", "Not read yet"
    COMPLETE = "complete", "Complete"
    PARTIAL = "partial", "Partial"
    CAPPED = "capped", "Capped"
    HELD = "held", "Deletions held"
    NO_PERMISSION = "no_permission", "No permission"


class CollectionQuerySet(models.QuerySet["Collection"]):
    """Select collections by their owner, with as much of each as is looked at."""

    def owned_by(self, user: AbstractBaseUser | AnonymousUser) -> "CollectionQuerySet":
        """Return the collections of one user; nobody else's are ever found."""
        return self.filter(connection__owner_id=user.pk) if user.pk else self.none()

    def with_schema(self) -> "CollectionQuerySet":
        """Return them with their connections, for pages that show values."""
        return self.select_related("connection").defer("checkpoint", "held_deletions")

    def with_definitions(self) -> "CollectionQuerySet":
        """Return them with their schemas, and with what is known of former fields."""
        every = self.select_related("connection").defer(None)
        return every.defer("checkpoint", "held_deletions")

    def without_schema(self) -> "CollectionQuerySet":
        """Return them with their connections, and nothing of them that is long."""
        return self.with_schema().defer("schema", "details")


class WithoutDefinitions(models.Manager["Collection"]):
    """Load no definitions with a collection: only a sync asks for them."""

    def get_queryset(self) -> models.QuerySet["Collection"]:
        """Return all collections, without what their values follow from."""
        return super().get_queryset().defer("definitions")


CollectionManager = WithoutDefinitions.from_queryset(CollectionQuerySet)


class Collection(models.Model):
    """A collection: its checkpoint, its schema and its completeness.

    ``checkpoint`` is the sync's, which alone reads it, in
    ``services.sync.refresh.checkpoint``; it is written in the transaction that stores
    the page it belongs to. ``held_deletions`` is written by
    ``services.sync.deletions.held_deletions`` alone, and read as ``hold``.
    ``definitions`` is what the values of the schema's fields follow from, of
    ``services.sync.refresh.definitions`` alone, null where nothing has told it.
    """

    REASON_COLUMNS = ("reason", "reason_data")
    # No column: what its spot checks prove, where a page shows that.
    proof: Any = None
    # No column either: its name told apart from others, where a page lists several.
    unique_name = ""
    # Links are as fresh as fields, and a pass over them may take two syncs.
    LONGEST_LINK_LAG = timedelta(minutes=30)
    # No quota comes back later.
    LONGEST_BLOCK = timedelta(days=32)
    # One listing may be short by accident; two in a row are not.
    MOST_MISSES = 2

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="collections"
    )
    remote_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    item_type = models.CharField(max_length=40)
    position = models.PositiveIntegerField(default=0)
    details = models.JSONField(default=dict, blank=True)
    required_scopes = models.JSONField(default=list, blank=True)
    schema = OrderedJSONField(default=dict, blank=True)
    definitions = models.JSONField(null=True, blank=True)
    is_selected = models.BooleanField(default=True)
    checkpoint = models.JSONField(default=dict, blank=True)
    watermark = models.DateTimeField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=0)
    stored_count = models.PositiveIntegerField(default=0)
    remote_count = models.PositiveIntegerField(null=True, blank=True)
    completeness = models.CharField(
        max_length=20,
        choices=Completeness.choices,
        default=Completeness.PENDING,
    )
    reason = models.CharField(max_length=40, choices=reason_choices, blank=True)
    reason_data = models.JSONField(default=dict, blank=True)
    pending_reason = models.CharField(
        max_length=40,
        choices=reason_choices,
        blank=True,
        help_text="What has not been looked into yet, although the rest is proven.",
    )
    pending_reason_data = models.JSONField(default=dict, blank=True)
    blocked_until = models.DateTimeField(
        null=True, blank=True, help_text="A used-up quota keeps it from being read."
    )
    before_refusal = models.JSONField(
        null=True,
        blank=True,
        help_text="What was known before the provider refused it, and the scopes then.",
    )
    misses = models.PositiveSmallIntegerField(
        default=0, help_text="How many listings in a row did not show it."
    )
    unreadable_count = models.PositiveIntegerField(default=0)
    held_deletions = models.JSONField(default=dict, blank=True)
    first_full_refresh_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="What is first seen later is new; before, it was only first read.",
    )
    last_full_refresh_at = models.DateTimeField(null=True, blank=True)
    short_refresh_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a full refresh ended before the provider's own count.",
    )
    late_arrivals_read_at = models.DateTimeField(null=True, blank=True)
    full_refresh_wanted_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When one failed on its way, or spot checks found too much wrong.",
    )
    links_read_at = models.DateTimeField(
        null=True, blank=True, help_text="As of when the links of its items are known."
    )
    links_pass_began_at = models.DateTimeField(
        null=True, blank=True, help_text="When the pass over links under way began."
    )
    # Nullable, because SQLite would make the table anew for another column.
    links_position = models.CharField(  # noqa: DJ001
        max_length=255,
        null=True,
        blank=True,
        help_text="The remote id that the pass over links has come to.",
    )
    probed_until = models.CharField(
        max_length=255,
        blank=True,
        default="",
        help_text="The last item that was looked for at the provider by its id.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = CollectionManager()

    class Meta:
        ordering = ("position", "name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_id"),
                name="collection_once_per_connection",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_listed(self) -> bool:
        """Tell whether the provider still shows it to this connection."""
        return self.misses < self.MOST_MISSES

    def has_old_links(self, synced_at: datetime | None) -> bool:
        """Tell whether its links lag behind its fields, which a sync read last."""
        if self.links_read_at is None or synced_at is None:
            return False
        return synced_at - self.links_read_at > self.LONGEST_LINK_LAG

    def is_blocked(self, now: datetime) -> bool:
        """Tell whether a used-up quota, or a long wait, keeps it from being read."""
        return times.is_to_come(self.blocked_until, now, longest=self.LONGEST_BLOCK)

    @property
    def hold(self) -> HeldDeletions | None:
        """Return the deletions that wait for a user.

        None as well when they cannot be read: a full refresh then decides anew.
        """
        if not self.held_deletions:
            return None
        try:
            return HeldDeletions.from_json(self.held_deletions)
        except typed_json.UnreadableError:
            return None

    @property
    def is_shown(self) -> bool:
        """Tell whether it is listed, or its loss waits for a user."""
        if self.is_listed:
            return True
        hold = self.hold
        return hold is not None and hold.is_whole_collection

    @property
    def is_listed_in_full(self) -> bool:
        """Tell whether all of its items are proven to be here, cut values included."""
        is_cut = self.reason in [each.value for each in CutKind]
        return self.completeness == Completeness.COMPLETE or (
            self.completeness == Completeness.CAPPED and is_cut
        )

    @property
    def reason_text(self) -> str:
        """Return in words why it is not complete, empty when it is."""
        reason = Reason.stored(self.reason, self.reason_data)
        return wording.reason_text(reason, self.connection.provider)

    @property
    def pending_text(self) -> str:
        """Return in words what has not been looked into yet."""
        pending = Reason.stored(self.pending_reason, self.pending_reason_data)
        return wording.reason_text(pending, self.connection.provider)

    def set_reason(self, reason: Reason | None) -> None:
        """Set both columns of the reason; the caller saves ``REASON_COLUMNS``."""
        for name, value in columns(reason).items():
            setattr(self, name, value)


class SeenBlock(models.Model):
    """Mark which items one full refresh has seen, 32,768 primary keys to a row.

    A bitmap instead of a column on the item: a refresh of unchanged data then
    writes no item, and a million items are marked in 31 small rows.
    """

    BITS = 32768

    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="seen_blocks"
    )
    generation = models.PositiveIntegerField()
    number = models.BigIntegerField()
    bits = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("collection", "generation", "number"),
                name="seen_block_once_per_pass",
            ),
        )

    def __str__(self) -> str:
        return f"full refresh {self.generation}, block {self.number}"
