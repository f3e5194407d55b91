"""How tables of items are sorted and filtered, and how each user has laid them out."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.collection import Collection
from integrations.models.items.item import Item

# Longer texts are compared by their beginning.
TEXT_LENGTH = 255


class PropertyIndex(models.Model):
    """The index of one property of a collection, there while somebody uses it.

    ``labels`` is a digest of what the values were typed with; ``position`` and ``done``
    say how far building is. One that is built again is usable meanwhile.
    """

    class State(models.TextChoices):
        """Whether every live item of the collection has its values in it."""

        BUILDING = "building", "Building"
        READY = "ready", "Ready"
        REBUILDING = "rebuilding", "Rebuilding"
        DROPPING = "dropping", "Dropping"

    # No columns: whether texts, or values of an item, are in it in part only, and
    # whether texts are among its numbers.
    has_cut = False
    has_more = False
    has_texts = False

    id = models.BigAutoField(primary_key=True)
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="property_indexes"
    )
    name = models.CharField(max_length=255)
    family = models.CharField(max_length=20)
    state = models.CharField(
        max_length=20, choices=State.choices, default=State.BUILDING
    )
    labels = models.CharField(max_length=32, blank=True)
    position = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "property indexes"
        constraints = (
            models.UniqueConstraint(
                fields=("collection", "name"), name="property_index_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} of collection {self.collection_id}"

    @property
    def is_usable(self) -> bool:
        """Tell whether a list can be sorted and filtered by it."""
        return self.state in {self.State.READY, self.State.REBUILDING}


class PropertyValue(models.Model):
    """One value of one item's property, as it is compared.

    Several values are several rows, of which the first sorts; no value is a row in
    which both columns are null.
    """

    id = models.BigAutoField(primary_key=True)
    index = models.ForeignKey(
        PropertyIndex, on_delete=models.CASCADE, related_name="values", db_index=False
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="property_values"
    )
    position = models.PositiveSmallIntegerField(default=0)
    number = models.FloatField(null=True, blank=True)
    # Null is no value, and the empty text one that is compared by its number alone.
    text = models.CharField(max_length=TEXT_LENGTH, null=True, blank=True)  # noqa: DJ001

    class Meta:
        # Each has all that is asked for, so that no row is read beside it, and so that
        # no planner takes another one because that has more.
        indexes = (
            models.Index(
                fields=("index", "item", "position", "number", "text"),
                name="property_of_item",
            ),
            models.Index(
                fields=("index", "number", "item", "position", "text"),
                name="property_by_number",
            ),
            models.Index(
                fields=("index", "text", "item", "position", "number"),
                name="property_by_text",
            ),
        )

    def __str__(self) -> str:
        return f"value {self.position} of item {self.item_id}"


class TableLayout(models.Model):
    """The columns and the density that a user has chosen for one collection."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE)
    columns = models.JSONField(default=list, blank=True)
    density = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "collection"), name="table_layout_once"
            ),
        )

    def __str__(self) -> str:
        return f"layout of collection {self.collection_id}"
