"""A bulk edit: one value for one property of many items, previewed and confirmed."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.models.collection import Collection
from integrations.models.connection import Connection


class BulkEdit(models.Model):
    """One value for one property of many items; each of them has an edit of its own.

    Until it is confirmed it is a draft: ``rows`` are the keys of the chosen items,
    each with a digest of the value that the preview showed. Confirmed, its edits say
    what becomes of it; those that were left out are counted here.
    One that ``undoes`` another takes the old values back, which differ by row.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="bulk_edits"
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="bulk_edits"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    undoes = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="undone"
    )
    filters = models.CharField(max_length=2000, blank=True)
    field = models.CharField(max_length=255, blank=True)
    value = models.JSONField(null=True, blank=True)
    # A digest of what the preview shows, which its confirmation names.
    shown = models.CharField(max_length=64, blank=True)
    rows = models.JSONField(default=list, blank=True)
    same_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    moved_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("created_at",),
                condition=Q(confirmed_at__isnull=True),
                name="bulk_edit_drafts",
            ),
        )

    def __str__(self) -> str:
        return f"Bulk edit of {self.field or 'nothing yet'}"

    def get_absolute_url(self) -> str:
        """Return the address of the page that previews it and shows how it goes."""
        return reverse("integrations:bulk-edit-detail", args=(self.uuid,))

    @property
    def is_draft(self) -> bool:
        """Tell whether nobody has confirmed it yet."""
        return self.confirmed_at is None

    @property
    def has_value(self) -> bool:
        """Tell whether property and value are chosen, so that it can be previewed."""
        return bool(self.field)
