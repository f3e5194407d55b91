"""Remember which accounts are being erased, so that nothing stops half-way."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class AccountErasure(models.Model):
    """Mark an account that was shut for good and still has rows to delete.

    It goes with the account. ``claimed_until`` keeps two workers from deleting the
    same rows; it is a hint, for deleting twice harms nothing.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="erasure",
    )
    begun_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"erasure of account {self.user_id}"
