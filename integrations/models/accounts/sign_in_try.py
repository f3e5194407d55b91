"""Tries to sign in, which are counted before a password or a code is checked."""

from django.db import models
from django.utils import timezone

from integrations.models.messages import wording


class SignInTry(models.Model):
    """One try for one address or account, of which only a keyed hash is kept."""

    address_hash = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name_plural = "sign-in tries"

    def __str__(self) -> str:
        return f"try at {wording.time_text(self.at)}"
