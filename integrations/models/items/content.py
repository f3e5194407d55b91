"""Remember the text of an item that has one, beside the item."""

from django.db import models

from integrations.models.items.item import Item
from integrations.models.messages import wording
from integrations.models.reasons import PASSING, Reason, reason_choices


class ItemContent(models.Model):
    """A page's text as an outline, for the version of the page it was read from.

    ``read_for`` is the item's ``remote_updated_at`` at that time, or that of its first
    sight while none is known: when the item has moved on, the text is read again. A
    reason that may pass leaves what was read before, and ``read_at`` is the last try.
    """

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, primary_key=True, related_name="content"
    )
    blocks = models.JSONField(default=list, blank=True)
    text = models.TextField(blank=True)
    is_truncated = models.BooleanField(default=False)
    reason = models.CharField(max_length=40, choices=reason_choices, blank=True)
    reason_data = models.JSONField(default=dict, blank=True)
    read_for = models.DateTimeField()
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"text of item {self.item_id}"

    @property
    def is_deferred(self) -> bool:
        """Tell whether it could not be read yet, and is tried again."""
        return self.reason in PASSING

    @property
    def reason_text(self) -> str:
        """Return in words why the text could not be read."""
        return wording.reason_text(Reason.stored(self.reason, self.reason_data))
