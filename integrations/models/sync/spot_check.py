"""One spot check of a collection: a random part of it, compared with the provider."""

from django.db import models

from integrations.models.collection import Collection
from integrations.models.messages import wording


class SpotCheck(models.Model):
    """Record a sampling audit: which part was re-read, and what differed.

    The collection is split at random into ``parts`` of about the same size; check
    ``number`` reads part ``number`` modulo ``parts``, so that consecutive checks read
    different items until all were read. ``checked`` counts the items that could be
    compared, ``differing`` those of them that were stored wrongly, and ``missing``
    those that the provider did not show any more.
    """

    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="spot_checks"
    )
    number = models.PositiveIntegerField()
    parts = models.PositiveIntegerField()
    position = models.CharField(max_length=255, blank=True)
    population = models.PositiveIntegerField()
    checked = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-began_at", "-id")
        indexes = (
            models.Index(fields=("collection", "-began_at"), name="spot_check_latest"),
            models.Index(fields=("began_at",), name="spot_check_age"),
        )

    def __str__(self) -> str:
        return f"spot check of {wording.time_text(self.began_at)}"
