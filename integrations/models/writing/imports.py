"""A file of rows on its way to a provider: how its columns are meant, and each row."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.models import times
from integrations.models.collection import Collection
from integrations.models.connection import Connection
from integrations.models.items.item import Item
from integrations.models.writing.bulk_edit import BulkEdit
from integrations.models.writing.edit import Edit


class ImportQuerySet(models.QuerySet["Import"]):
    """Select imports by what is to be done with them."""

    def workable(self, now: datetime) -> "ImportQuerySet":
        """Return those that a worker may take: open, due, and with nobody on them."""
        is_free = Q(lease_until__isnull=True) | times.come(
            "lease_until", now, longest=Import.lease_length()
        )
        return self.filter(
            is_free,
            times.come("due_at", now, longest=Edit.LONGEST_WAIT),
            state__in=Import.OPEN,
        )


class Import(models.Model):
    """One uploaded file.

    ``columns`` are its headings with what their values allow; ``mapping`` says by a
    column's number which field it is and how its dates or numbers are written. The
    ``zone`` is that of its times.
    """

    class State(models.TextChoices):
        """Where the import is."""

        MAPPING = "mapping", "Columns to match"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Ready to import"
        RUNNING = "running", "Importing"
        CANCELLING = "cancelling", "Being cancelled"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.CHECKING, State.RUNNING, State.CANCELLING)
    ENDED = (State.DONE, State.CANCELLED)
    # What waits for its user, and what is left of the file from its end on.
    KEPT = timedelta(days=7)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="imports"
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="imports"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    file_name = models.CharField(max_length=200, blank=True)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict, blank=True)
    clears_empty = models.BooleanField(
        default=False, help_text="An empty cell clears the value of a contact."
    )
    zone = models.CharField(max_length=64, default="UTC")
    # Holds the edits of rows that are there already, which are sent by hundreds.
    bulk_edit = models.OneToOneField(
        BulkEdit, on_delete=models.SET_NULL, null=True, blank=True
    )
    # The latest that takes it back.
    undoing = models.ForeignKey(
        BulkEdit,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="undone_imports",
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.MAPPING
    )
    lease_id = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=("checking", "running", "cancelling")),
                name="import_due",
            ),
        )

    def __str__(self) -> str:
        return f"import {self.pk}: {self.state}"

    def get_absolute_url(self) -> str:
        """Return the address of the page that shows how it goes."""
        return reverse("integrations:import-detail", args=(self.pk,))

    @staticmethod
    def lease_length() -> timedelta:
        """Return how long a worker may be silent before another one goes on."""
        return timedelta(seconds=settings.STALE_RUN_SECONDS)

    @property
    def is_open(self) -> bool:
        """Tell whether a worker is on it, or is to be."""
        return self.state in self.OPEN

    @property
    def is_ended(self) -> bool:
        """Tell whether nothing is done with it any more."""
        return self.state in self.ENDED


class ImportRow(models.Model):
    """One row of a file: what it is to do, and what came of it.

    ``number`` is the row's in a spreadsheet. ``content`` is sealed: its cells, and
    after the check the values with those that they replace. ``identity`` is a keyed
    fingerprint of what no two items have alike. ``problems`` are numbers of columns
    (-1 for the whole row), each with a code and a number that its sentence needs.
    """

    class State(models.TextChoices):
        """What is to be done with the row, and then what was done."""

        READ = "read", "Not checked yet"
        CONVERTED = "converted", "Being compared"
        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        UNCHANGED = "unchanged", "Unchanged"
        INVALID = "invalid", "Refused"
        SENT = "sent", "Being sent"
        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        REFUSED = "refused", "Refused there"
        CONFLICT = "conflict", "Changed there meanwhile"
        DISCARDED = "discarded", "Discarded"

    # What an import has still to make edits of.
    TO_SEND = (State.NEW, State.CHANGED)
    # That, and what was sent and is not settled yet.
    UNSETTLED = (*TO_SEND, State.SENT)

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    content = models.TextField(blank=True)
    identity = models.CharField(max_length=64, blank=True)
    item = models.ForeignKey(
        Item,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="imported_rows",
    )
    edit = models.ForeignKey(
        Edit,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="imported_rows",
    )
    problems = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READ)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(
                fields=("source", "number"), name="import_row_once"
            ),
        )
        indexes = (
            models.Index(fields=("source", "state", "number"), name="import_row_state"),
            models.Index(fields=("source", "identity"), name="import_row_identity"),
        )

    def __str__(self) -> str:
        return f"row {self.number}: {self.state}"
