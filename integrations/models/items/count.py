"""How many items collections held, day by day."""

from django.db import models

from integrations.models.collection import Collection


class CollectionCount(models.Model):
    """The number of items that a collection held at the end of a day, in UTC."""

    id = models.BigAutoField(primary_key=True)
    collection = models.ForeignKey(
        Collection,
        on_delete=models.CASCADE,
        related_name="daily_counts",
        db_index=False,
    )
    day = models.DateField(db_index=True)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("collection", "day"), name="collection_count_once_a_day"
            ),
        )

    def __str__(self) -> str:
        return f"collection {self.collection_id} on {self.day}: {self.number}"
