"""Ways to sign in that a password reset has turned off."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.connection import Connection


class SuspendedSignInMethod(models.Model):
    """Way to sign in from before a password reset, off until its owner confirms it.

    A second factor is moved here, out of the reach of whatever looks for one; what is
    secret in it stays sealed. A connected account stays where it is.
    """

    class Kind(models.TextChoices):
        """Kinds of ways; those of allauth have the names that it gives them."""

        TOTP = "totp", "Authenticator app"
        RECOVERY_CODES = "recovery_codes", "Recovery codes"
        WEBAUTHN = "webauthn", "Passkey or security key"
        PROVIDER = "provider", "Connected account"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="suspended_sign_in_methods",
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    data = models.JSONField(default=dict, help_text="What a second factor held.")
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(null=True, help_text="When it was set up.")
    suspended_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], name="suspended_sign_in_once_per_connection"
            )
        ]
        ordering = ("suspended_at", "kind")

    def __str__(self) -> str:
        if self.connection is not None:
            return str(self.connection)
        return str(self.data.get("name") or self.get_kind_display())
