"""Remember what the search texts of a collection's items were made with."""

from django.db import models

from integrations.models.collection import Collection


class SearchState(models.Model):
    """How far the search index is with one collection.

    ``labels`` is a digest of the schema and the account that values are shown with.
    Items are indexed as they are stored; those that were stored before are indexed
    again, by key, when ``indexed_with`` is not what they would be indexed with now.
    ``position`` and ``done`` belong to ``indexing_with``. Since ``repeated_at`` all is
    indexed once more, because older code ran beside.
    """

    collection = models.OneToOneField(
        Collection,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="search_state",
    )
    labels = models.CharField(max_length=32)
    indexed_with = models.CharField(max_length=40, blank=True)
    indexing_with = models.CharField(max_length=40, blank=True)
    position = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    repeated_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"search of collection {self.collection_id}"
