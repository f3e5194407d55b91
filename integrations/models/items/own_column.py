"""Own columns: what a user notes beside a collection's records, for this site alone."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.collection import Collection
from integrations.models.remote_key import remote_key

# Before the id of the column, in names of columns.
PREFIX = "own."


class OwnColumnQuerySet(models.QuerySet["OwnColumn"]):
    """Select columns by the collection that they stand beside."""

    def of_collection(self, collection: Collection) -> "OwnColumnQuerySet":
        """Return its user's columns of one collection, whichever row that has now."""
        owner_id = collection.connection.owner_id
        return self.filter(owner=owner_id, **remote_key(collection))


class OwnColumn(models.Model):
    """A column that a user made beside a collection; no provider ever learns of it.

    The collection is named as the provider names it, so that an account which is
    connected again has its columns again.
    """

    class Kind(models.TextChoices):
        """What its values are."""

        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        CHOICE = "choice", "Choice"
        CHECK = "check", "Check box"
        PERSON = "person", "Person"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )
    provider = models.CharField(max_length=40)
    account_id = models.CharField(max_length=255)
    is_sandbox = models.BooleanField(default=False)
    collection_id = models.CharField(max_length=255)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    options = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OwnColumnQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "id")
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
                name="own_column_name_once",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def column_id(self) -> str:
        """Return its name among the columns of the collection."""
        return f"{PREFIX}{self.pk.hex}"


class OwnValue(models.Model):
    """What a user noted in one column of one record, which is named by its remote id.

    A record without a row has no value; a ticked box is the text "yes".
    """

    id = models.BigAutoField(primary_key=True)
    column = models.ForeignKey(
        OwnColumn, on_delete=models.CASCADE, related_name="values", db_index=False
    )
    remote_id = models.CharField(max_length=255)
    value = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("column", "remote_id"), name="own_value_once"
            ),
        )

    def __str__(self) -> str:
        return f"value of {self.remote_id}"
