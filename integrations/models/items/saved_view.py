"""Saved views: what a user's list shows, kept by a name."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.models.collection import Collection
from integrations.models.connection import Connection
from integrations.models.remote_key import remote_key


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Select views by what they show."""

    def of_collection(self, collection: Collection) -> "SavedViewQuerySet":
        """Return the views of one collection, whichever row that has by now."""
        return self.filter(**remote_key(collection))

    def of_all_items(self) -> "SavedViewQuerySet":
        """Return the views of the list over everything."""
        return self.filter(provider="")


class SavedView(models.Model):
    """Search, filters, columns, order, groups and density of a list, by a name.

    Its collection is named as the provider names it: a row of ours goes when its items
    are removed, and another user has another one. Without a provider it is a view of
    the list over everything. ``parameters`` are those of the list's address; ``names``
    are the labels of columns, or what tells the connection and the collection that an
    address names by our own ids.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )
    name = models.CharField(max_length=80)
    provider = models.CharField(max_length=40, blank=True)
    account_id = models.CharField(max_length=255, blank=True)
    is_sandbox = models.BooleanField(default=False)
    collection_id = models.CharField(max_length=255, blank=True)
    collection_name = models.CharField(max_length=255, blank=True)
    item_type = models.CharField(max_length=40, blank=True)
    parameters = models.JSONField(default=list, blank=True)
    columns = models.JSONField(default=list, blank=True)
    density = models.CharField(max_length=20, blank=True)
    names = models.JSONField(default=dict, blank=True)
    is_default = models.BooleanField(default=False)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=(
                    "owner",
                    "provider",
                    "account_id",
                    "is_sandbox",
                    "collection_id",
                    "name",
                ),
                name="saved_view_name_once",
            ),
            models.UniqueConstraint(
                fields=(
                    "owner",
                    "provider",
                    "account_id",
                    "is_sandbox",
                    "collection_id",
                ),
                condition=Q(is_default=True),
                name="saved_view_one_default",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address that opens it, which a link to it is as well."""
        return reverse("integrations:view-open", args=(self.pk,))

    @property
    def is_of_all_items(self) -> bool:
        """Tell whether it is a view of the list over everything."""
        return not self.provider

    @property
    def provider_name(self) -> str:
        """Return the provider's name as users write it, empty for all of them."""
        return Connection(provider=self.provider).provider_name if self.provider else ""


class ViewFeed(models.Model):
    """The feed of a view; of its secret address only a digest is kept."""

    view = models.OneToOneField(
        SavedView, on_delete=models.CASCADE, primary_key=True, related_name="feed"
    )
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"feed of view {self.view_id}"
