"""One record or page of a remote account, and what changed in it."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import F, Q

from integrations.models.collection import Collection
from integrations.models.connection import Connection
from integrations.models.messages import wording
from integrations.models.paths import path_of
from integrations.models.sync.run import SyncRun
from integrations.providers import CONNECTORS, SPECS
from integrations.providers.kinds import DeletionKind
from integrations.providers.typed.fields import Relation

LIVE = Q(deleted_at__isnull=True)


class ItemQuerySet(models.QuerySet["Item"]):
    """Select items by owner and by whether they still exist remotely."""

    def owned_by(self, user: AbstractBaseUser | AnonymousUser) -> "ItemQuerySet":
        """Return the items of one user; nobody else's are ever found."""
        return self.filter(owner_id=user.pk) if user.pk else self.none()

    def live(self) -> "ItemQuerySet":
        """Return the items that the last proof says still exist."""
        return self.filter(LIVE)

    def deleted(self) -> "ItemQuerySet":
        """Return the items that the provider does not show any more."""
        return self.filter(~LIVE).exclude(deleted_kind=DeletionKind.DESELECTED)

    def deselected(self) -> "ItemQuerySet":
        """Return the items that are left out because nobody selected them."""
        return self.filter(~LIVE, deleted_kind=DeletionKind.DESELECTED)


class Item(models.Model):
    """Store one record or page.

    The integer key is for the database (bitmaps, keyset, full-text rows); the
    UUID is for addresses. ``owner`` and ``provider`` repeat the connection's so
    that one index answers the list of one user.

    ``remote_updated_at`` is when the provider says that it last changed. Where that
    says nothing, it is when a change was noticed here, and ``is_update_noticed``
    tells so; null while nothing is known, because the first sight is no change.

    ``new_at`` is when it came, if all that was in its collection had been read before.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    provider = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=255)
    type = models.CharField(max_length=40)
    name = models.CharField(max_length=500)
    sort_name = models.CharField(max_length=80)
    is_directory = models.BooleanField(default=False)
    parent_remote_id = models.CharField(max_length=255, blank=True)
    parent_name = models.CharField(max_length=500, blank=True)
    children = models.JSONField(null=True, blank=True)
    remote_url = models.CharField(max_length=1000, blank=True)
    mime_type = models.CharField(max_length=120, blank=True)
    delta = models.CharField(max_length=255, blank=True)
    drive_id = models.CharField(max_length=255, blank=True)
    is_visible = models.BooleanField(default=True)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    remote_updated_at = models.DateTimeField(null=True, blank=True)
    properties = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=32)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Nullable, because SQLite would make the table anew for another column, and lose
    # the triggers of the full-text index with it.
    deleted_kind = models.CharField(max_length=30, null=True, blank=True)  # noqa: DJ001
    deleted_detail = models.CharField(max_length=300, blank=True)
    is_update_noticed = models.BooleanField(null=True, blank=True)
    first_seen_at = models.DateTimeField()
    new_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    # No columns: an emoji that pages put in front of the name, and what they call
    # the connection.
    icon = ""
    connection_title = ""
    # What its user noted beside it, by the keys of own columns, where that was loaded.
    own_values: dict[Any, str | None] | None = None
    # What other items name it in, by the columns of its table, where that was loaded.
    incoming: Mapping[str, Relation] | None = None
    # The reference of a mistake of ours that left values of it raw, or out.
    mistake = ""
    # Where it stands among the rows of a page that can be chosen.
    row_number = 0
    # What a search adds: how well it was found, and where, as pieces of texts.
    rank = 0
    name_pieces: Sequence[Any] = ()
    passages: Sequence[Any] = ()
    # Old and new of what has it fit one of two times and not the other.
    differing: Sequence[Any] = ()

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("collection", "remote_id"), name="item_once_per_collection"
            ),
        )
        indexes = (
            models.Index(
                fields=("owner", "-remote_updated_at", "-id"),
                condition=LIVE,
                name="item_by_update",
            ),
            models.Index(
                fields=("owner", "-remote_created_at", "-id"),
                condition=LIVE,
                name="item_by_creation",
            ),
            models.Index(
                fields=("owner", "type", "-remote_created_at", "-id"),
                condition=LIVE,
                name="item_by_type_and_creation",
            ),
            models.Index(
                fields=("owner", "sort_name", "id"),
                condition=LIVE,
                name="item_by_name",
            ),
            models.Index(
                fields=("owner", "type", "-remote_updated_at", "-id"),
                condition=LIVE,
                name="item_by_type_and_update",
            ),
            models.Index(
                fields=("owner", "type", "sort_name", "id"),
                condition=LIVE,
                name="item_by_type_and_name",
            ),
            models.Index(
                fields=("connection", "-remote_updated_at", "-id"),
                condition=LIVE,
                name="item_by_connection",
            ),
            models.Index(
                fields=("collection", "-remote_updated_at", "-id"),
                condition=LIVE,
                name="item_by_collection",
            ),
            models.Index(
                fields=("connection", "changed_at", "id"),
                condition=LIVE,
                name="item_by_change",
            ),
            models.Index(
                fields=("owner", "-remote_updated_at", "-id"),
                condition=~LIVE,
                name="item_deleted",
            ),
            models.Index(
                fields=("owner", "deleted_at"),
                condition=~LIVE,
                name="item_by_deletion",
            ),
            # Few rows, these two: a first load puts none in.
            models.Index(
                fields=("owner", "new_at"),
                condition=LIVE & Q(new_at__isnull=False),
                name="item_by_arrival",
            ),
            models.Index(
                fields=("owner", "changed_at"),
                condition=LIVE & Q(changed_at__gt=F("first_seen_at")),
                name="item_changed_since",
            ),
            models.Index(
                fields=("connection", "type", "parent_remote_id"),
                condition=LIVE & ~Q(parent_remote_id=""),
                name="item_by_parent",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the item's own page."""
        return path_of("item-detail", self.uuid)

    @property
    def page_url(self) -> str:
        """Return where a link to it leads: of what stands for a table, to that."""
        connector = CONNECTORS.get(self.provider)
        own = self.get_absolute_url()
        if connector is None or self.is_deleted:
            return own
        # By its type alone, as lists load no ids; that page knows the rest.
        is_table = connector.collection_of(self.type, "id", parent_id="id")
        return f"{own}table/" if is_table else own

    @property
    def provider_name(self) -> str:
        """Return the provider's name as users write it."""
        spec = SPECS.get(self.provider)
        return spec.name if spec else self.provider

    @property
    def was_new(self) -> bool:
        """Tell whether it was first seen after all that was there had been read.

        Earlier it may have been at the provider for years.
        """
        return self.new_at is not None

    @property
    def is_deleted(self) -> bool:
        """Tell whether the item is kept only as a tombstone."""
        return self.deleted_at is not None

    @property
    def is_deselected(self) -> bool:
        """Tell whether it is deleted only because its collection is not selected."""
        return self.is_deleted and self.deleted_kind == DeletionKind.DESELECTED

    @property
    def deleted_text(self) -> str:
        """Return in words what became of it, empty while it is there."""
        return wording.deletion_text(self.deleted_kind, self.deleted_detail)


class ItemChangeQuerySet(models.QuerySet["ItemChange"]):
    """Find what happened to items."""

    def made(self) -> Self:
        """Leave out what was only found out: nobody is told of that as a change."""
        return self.exclude(kind=ItemChange.Kind.FOUND)


class ItemChange(models.Model):
    """What one run changed in one item, field by field."""

    class Kind(models.TextChoices):
        """What happened to the item."""

        CHANGED = "changed", "Changed"
        DELETED = "deleted", "Deleted"
        RESTORED = "restored", "Restored"
        # Nobody changed it there: it follows from other items, or was told late.
        FOUND = "found", "Found out"

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="changes")
    # That of the item, so that an index answers what changed in a connection. It goes
    # with its item; a constraint of its own would have the table made anew.
    connection = models.ForeignKey(
        Connection,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    run = models.ForeignKey(
        SyncRun, on_delete=models.SET_NULL, null=True, related_name="changes"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    fields = models.JSONField(default=dict)

    objects = ItemChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("item", "-at"), name="item_change_latest"),
            models.Index(fields=("at",), name="item_change_age"),
            models.Index(
                fields=("connection", "-at", "-id"), name="item_change_of_connection"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} at {wording.time_text(self.at)}"
