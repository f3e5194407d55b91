"""Links between items, as their providers tell them."""

from django.db import models

from integrations.models.collection import Collection
from integrations.models.connection import Connection
from integrations.models.items.item import Item

# Between the labels of one link.
LABEL_SEPARATOR = "\n"


class ItemLink(models.Model):
    """A link from one item to another, which is named by collection and remote id.

    The target is no foreign key: it may not be stored yet, may be deleted and come
    back, and may move. It is looked up where it is shown, so that a link works as soon
    as both sides are there. ``target_collection`` is empty where the provider does not
    say it. ``relation`` is the property that holds the link, whose label is in the
    schema; ``label`` is what the provider's users call this one link, if anything.
    """

    id = models.BigAutoField(primary_key=True)
    # The unique constraint begins with it.
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="links", db_index=False
    )
    # That of the item, so that one index answers what links to an id.
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # That of the item, by which the links to one that very many name are told apart.
    # A constraint of its own would have the table made anew; links go with their item.
    collection = models.ForeignKey(
        Collection,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    relation = models.CharField(max_length=255)
    is_primary = models.BooleanField(default=False)
    target_collection = models.CharField(max_length=255, blank=True)
    target_remote_id = models.CharField(max_length=255)
    position = models.PositiveIntegerField(default=0)
    # Nullable, because the table would be written anew for another column.
    label = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("item", "relation", "target_collection", "target_remote_id"),
                name="item_link_once",
            ),
        )
        indexes = (
            # The latest first, of which a page looks at so many.
            models.Index(
                fields=("connection", "target_remote_id", "-id"),
                name="item_link_latest_to_target",
            ),
            # How many there are of each relation with a collection.
            models.Index(
                fields=("connection", "target_remote_id", "collection", "relation"),
                name="item_link_by_collection",
            ),
        )

    def __str__(self) -> str:
        return f"{self.relation}: {self.target_remote_id}"

    @property
    def labels(self) -> list[str]:
        """Return what users at the provider call this one link."""
        return labels_in(self.label)


def labels_in(label: str | None) -> list[str]:
    """Return the labels of one link, which are stored in one column."""
    return label.split(LABEL_SEPARATOR) if label else []
