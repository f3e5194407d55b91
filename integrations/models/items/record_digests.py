"""Digests of the records that items were made of, as their providers told them."""

from django.db import models

from integrations.models.collection import Collection


class RecordDigests(models.Model):
    """What 64 items were made of, by their primary keys; zeros where it is not known.

    Beside the items and not in them: after a release, or where a schema has changed,
    all are noted anew, and no item is written for that.
    """

    KEYS = 64
    SIZE = 16

    # Code of the release before deletes collections, and knows nothing of these rows.
    collection = models.ForeignKey(
        Collection,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    number = models.BigIntegerField()
    digests = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("collection", "number"), name="record_digests_once"
            ),
        )

    def __str__(self) -> str:
        return f"digests of records, block {self.number}"
