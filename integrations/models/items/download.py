"""Files of lists and tables that a worker makes, kept until they expire."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.models import times
from integrations.models.collection import Collection

LEASE: Final = timedelta(seconds=20)


class DownloadQuerySet(models.QuerySet["Download"]):
    """Select downloads by owner and by what is to be done with them."""

    def owned_by(self, user: AbstractBaseUser | AnonymousUser) -> "DownloadQuerySet":
        """Return the downloads of one user; nobody else's are ever found."""
        return self.filter(owner_id=user.pk) if user.pk else self.none()

    def due(self, now: datetime) -> "DownloadQuerySet":
        """Return those that a worker may make: not made yet, and nobody is on them."""
        is_free = Q(lease_until__isnull=True) | times.come(
            "lease_until", now, longest=LEASE
        )
        return self.filter(is_free, state__in=Download.OPEN)

    def being_made(self, now: datetime) -> "DownloadQuerySet":
        """Return those that a worker is on."""
        is_free = times.come("lease_until", now, longest=LEASE)
        return self.filter(lease_until__isnull=False).exclude(is_free)


class Download(models.Model):
    """A file that a worker makes: which rows, how, and how far it has come.

    ``parameters`` are those of the address of a list, or of the ``collection``'s table.
    ``mistake`` is the reference of a mistake of ours that left values of it raw.
    """

    class State(models.TextChoices):
        """Where it is."""

        WAITING = "waiting", "Waiting"
        MAKING = "making", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    OPEN = (State.WAITING, State.MAKING)

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="downloads"
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, null=True, blank=True
    )
    name = models.CharField(max_length=255)
    parameters = models.TextField(blank=True)
    content = models.CharField(max_length=10)
    form = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    attempts = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveBigIntegerField(default=0)
    rows_total = models.PositiveBigIntegerField(null=True, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    mistake = models.CharField(
        max_length=8, default="", db_default="", blank=True, editable=False
    )
    lease_id = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = DownloadQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("lease_until",),
                condition=Q(state__in=("waiting", "making")),
                name="download_due",
            ),
            models.Index(fields=("created_at",), name="download_age"),
        )

    def __str__(self) -> str:
        return f"{self.name} as {self.form}: {self.state}"

    def get_absolute_url(self) -> str:
        """Return the address of the page that shows how it goes."""
        return reverse("integrations:download-detail", args=(self.uuid,))

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to be made."""
        return self.state in self.OPEN

    @property
    def is_done(self) -> bool:
        """Tell whether it can be fetched."""
        return self.state == self.State.DONE

    @property
    def expires_at(self) -> datetime:
        """Return when it is deleted."""
        since = self.done_at or self.created_at
        return since + timedelta(hours=settings.DOWNLOAD_HOURS)


class DownloadPart(models.Model):
    """A compressed piece of a file, where every web server finds it."""

    id = models.BigAutoField(primary_key=True)
    download = models.ForeignKey(
        Download, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("download", "number"), name="download_part_once"
            ),
        )

    def __str__(self) -> str:
        return f"part {self.number} of download {self.download_id}"
