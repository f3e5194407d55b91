"""Remember who did what to accounts, grants and keys; append only."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.messages import wording


class AuditEvent(models.Model):
    """Record one security-relevant event, without secrets."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    event = models.CharField(max_length=60, db_index=True)
    subject = models.CharField(max_length=120, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("subject", "-at"), name="audit_of_subject"),)

    def __str__(self) -> str:
        return f"{self.event} at {wording.time_text(self.at)}"
