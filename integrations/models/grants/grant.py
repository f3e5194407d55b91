"""Remember authorizations under way and grants still to be given back."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.connection import Connection
from integrations.models.messages import wording


class AuthorizationState(models.Model):
    """One ``state`` value, hashed, bound to user, session and provider."""

    state_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True
    )
    provider = models.CharField(max_length=40)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, null=True, blank=True
    )
    code_verifier = models.TextField(blank=True)
    next_url = models.CharField(max_length=500, blank=True)
    plan = models.CharField(
        max_length=40, blank=True, help_text="The provider's plan, as the user says."
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    consumed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.provider} authorization of {wording.time_text(self.created_at)}"


class PendingRevocation(models.Model):
    """A sealed token that is to be revoked at its provider.

    The tokens of a disconnected or deleted connection are moved here in the
    transaction that erases them, so that revocation survives a crash. It outlives the
    connection and the user.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=40)
    token = models.TextField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    is_uninstall = models.BooleanField(
        default=False,
        help_text="The token is an access token that removes the app altogether.",
    )
    account_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.provider} revocation, tries: {self.tries}"


class FailedRevocation(models.Model):
    """A grant that may live on at its provider, because revoking it was given up.

    It holds no token. Its owner ends the grant at the provider and then dismisses it;
    where the owner's account is gone, staff know of it for as long as of the audit.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=40)
    account_id = models.CharField(max_length=255, blank=True)
    account_name = models.CharField(max_length=255, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="failed_revocations",
    )
    is_uninstall = models.BooleanField(default=False)
    error = models.CharField(max_length=100)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("-failed_at",)

    def __str__(self) -> str:
        return f"{self.provider} revocation, {wording.time_text(self.failed_at)}"


class MovedGrant(models.Model):
    """A grant that another server has, whose owner's account here was deleted.

    It holds no token and no name. While it is there, nothing here ends that grant
    along with another one of the same provider account.
    """

    provider = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=255)
    is_sandbox = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "remote_id", "is_sandbox"),
                name="moved_grant_once_per_account",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} grant of another server"
