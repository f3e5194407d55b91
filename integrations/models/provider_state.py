"""Remember what holds for a whole provider, and which processes are alive."""

from django.db import models
from django.utils import timezone

from integrations.models import wording


class ProviderState(models.Model):
    """Pause one provider for everybody and say why to staff."""

    provider = models.CharField(max_length=40, primary_key=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.provider}: {self.reason or 'ok'}"

    @property
    def is_paused(self) -> bool:
        """Tell whether nobody should call this provider now."""
        return self.paused_until is not None and self.paused_until > timezone.now()


class Heartbeat(models.Model):
    """When a kind of process last did its work."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {wording.time_text(self.at)}"
