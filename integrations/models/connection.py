"""Remember one user's authorised link to one remote account."""

import uuid
import zlib
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.models.messages import wording
from integrations.models.reasons import StateReason, state_choices
from integrations.providers import SPECS
from integrations.providers.spec import Scope


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """Select connections by owner and by what may be done with them."""

    def owned_by(self, user: AbstractBaseUser | AnonymousUser) -> "ConnectionQuerySet":
        """Return the connections of one user; nobody else's are ever found."""
        return self.filter(owner_id=user.pk) if user.pk else self.none()

    def connected(self) -> "ConnectionQuerySet":
        """Return the connections that hold, or should hold, a grant."""
        return self.exclude(state=Connection.State.DISCONNECTED)

    def moved(self) -> "ConnectionQuerySet":
        """Return the connections whose grant was handed over to another server."""
        return self.filter(
            state=Connection.State.DISCONNECTED, reason=StateReason.MOVED
        )

    def with_living_grant(self) -> "ConnectionQuerySet":
        """Return the connections whose grant must not end, here or elsewhere."""
        return self.exclude(
            ~Q(reason=StateReason.MOVED), state=Connection.State.DISCONNECTED
        )

    def syncable(self) -> "ConnectionQuerySet":
        """Return the connections whose data may be read now."""
        return self.filter(state__in=Connection.SYNCABLE)


class Connection(models.Model):
    """Link one user to one remote account."""

    class State(models.TextChoices):
        """Name the states of design section 8."""

        ACTIVE = "active", "Connected"
        DEGRADED = "degraded", "Having trouble"
        NEEDS_RECONNECT = "needs_reconnect", "Needs reconnecting"
        PAUSED = "paused", "Paused"
        DISCONNECTED = "disconnected", "Disconnected"

    # The states of those whose data may be read now.
    SYNCABLE = (State.ACTIVE, State.DEGRADED)
    # The reason of a disconnected one that goes as soon as its items are deleted.
    REMOVED = StateReason.REMOVED_BY_USER

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="connections",
    )
    provider = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=255)
    label = models.CharField(
        max_length=120,
        blank=True,
        help_text="A name of your own, shown instead of the account's.",
    )
    account_name = models.CharField(max_length=255)
    account = models.JSONField(default=dict, blank=True)
    is_sandbox = models.BooleanField(default=False)
    granted_scopes = models.JSONField(default=list, blank=True)
    state = models.CharField(
        max_length=20, choices=State.choices, default=State.ACTIVE, db_index=True
    )
    reason = models.CharField(max_length=60, choices=state_choices, blank=True)
    state_since = models.DateTimeField(default=timezone.now)
    generation = models.PositiveIntegerField(default=1)
    sync_interval_minutes = models.PositiveIntegerField(default=15)
    full_refresh_hours = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How often to do a full refresh, in hours, if not as often as usual.",
    )
    plan = models.CharField(
        max_length=40,
        blank=True,
        help_text="The provider's plan that its user says they are on.",
    )
    next_sync_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it is tried again by itself after a failure that may pass.",
    )
    failed_syncs = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Failures that may pass, counted since the last sync that worked.",
    )
    last_synced_at = models.DateTimeField(null=True, blank=True)
    discovered_at = models.DateTimeField(null=True, blank=True)
    link_calls_paid_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Each call for links moves it on by that call's share of a day.",
    )
    calls_on = models.DateField(
        null=True, blank=True, help_text="The day that calls were counted on last."
    )
    calls_today = models.PositiveIntegerField(
        null=True, blank=True, help_text="Calls of that day, in UTC."
    )
    calls_this_month = models.PositiveIntegerField(
        null=True, blank=True, help_text="Calls of that day's month, in UTC."
    )
    is_editing = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its user wants to change things there; the provider may not let.",
    )
    is_purging = models.BooleanField(
        default=False, help_text="Its stored items are being deleted."
    )
    handover = models.UUIDField(
        null=True,
        blank=True,
        help_text="The export by which it last left this server, or came to it.",
    )
    # Nullable, because SQLite would make the table anew for another column.
    paused_before_handover = models.CharField(  # noqa: DJ001
        max_length=60,
        null=True,
        blank=True,
        help_text="Why it was paused when it left this server.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    reconnected_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ("provider", "account_name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "remote_id", "is_sandbox"),
                condition=~Q(state="disconnected"),
                name="connection_one_owner_per_account",
            ),
            models.UniqueConstraint(
                fields=("owner", "provider", "remote_id", "is_sandbox"),
                name="connection_one_row_per_person_and_account",
            ),
            models.CheckConstraint(
                condition=Q(
                    sync_interval_minutes__gte=5, sync_interval_minutes__lte=43200
                ),
                name="connection_interval_between_5_minutes_and_30_days",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_sync_at",),
                condition=Q(state__in=("active", "degraded")),
                name="connection_due",
            ),
            models.Index(
                fields=("retry_at",),
                condition=Q(state__in=("active", "degraded"), retry_at__isnull=False),
                name="connection_retry_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider_name}: {self.full_title}"

    def get_absolute_url(self) -> str:
        """Return the address of the connection's own page."""
        return reverse("integrations:connection-detail", args=(self.pk,))

    @property
    def title(self) -> str:
        """Return the user's own name for it, else the account's."""
        return self.label or self.account_name

    @property
    def provider_name(self) -> str:
        """Return the provider's name as users write it."""
        spec = SPECS.get(self.provider)
        return spec.name if spec else self.provider

    @property
    def account_identity(self) -> tuple[str, ...]:
        """Return what tells its user which account it is, besides the name."""
        spec = SPECS.get(self.provider)
        told = (self.account.get(name) for name in spec.account_keys) if spec else ()
        texts = dict.fromkeys(str(value) for value in told if value)
        return tuple(text for text in texts if text != self.account_name)

    @property
    def full_title(self) -> str:
        """Return the title with what tells it from other accounts of the same name."""
        identity = ", ".join(self.account_identity)
        return f"{self.title} ({identity})" if identity else self.title

    @property
    def reason_text(self) -> str:
        """Return why it is in this state, in plain words."""
        return wording.state_text(self.reason)

    @property
    def is_syncable(self) -> bool:
        """Tell whether its data may be read now."""
        return self.state in self.SYNCABLE

    @property
    def is_connected(self) -> bool:
        """Tell whether it holds, or should hold, a grant."""
        return self.state != self.State.DISCONNECTED

    @property
    def is_moved(self) -> bool:
        """Tell whether its grant was handed over to another server."""
        return not self.is_connected and self.reason == StateReason.MOVED

    @property
    def is_removable(self) -> bool:
        """Tell whether it may be removed with all that was kept of it."""
        return not self.is_connected and self.reason != self.REMOVED

    @property
    def freshness_limit(self) -> timedelta:
        """Return the age beyond which its data is called stale."""
        return timedelta(minutes=max(60, 3 * self.sync_interval_minutes))

    @property
    def is_stale(self) -> bool:
        """Tell whether the data is older than promised."""
        if not self.is_connected or self.last_synced_at is None:
            return False
        return timezone.now() - self.last_synced_at > self.freshness_limit

    def next_slot(self, now: datetime) -> datetime:
        """Return the next due time: the interval, spread by up to a tenth of it."""
        return next_slot(self.pk, self.sync_interval_minutes, now)

    def _known_scopes(self) -> tuple[Scope, ...]:
        spec = SPECS.get(self.provider)
        known = spec.scopes if spec else ()
        return tuple(s for s in known if self.is_editing or not s.writes)

    @property
    def needed_scopes(self) -> tuple[Scope, ...]:
        """Return every scope the product has a use for, with its words."""
        return self._known_scopes()

    @property
    def missing_scopes(self) -> tuple[Scope, ...]:
        """Return the scopes the product asked for and did not get."""
        granted = set(self.granted_scopes)
        return tuple(s for s in self._known_scopes() if s.name not in granted)

    @property
    def unused_scopes(self) -> tuple[str, ...]:
        """Return the scopes that were granted though nothing here needs them."""
        known = {scope.name for scope in self._known_scopes()}
        return tuple(s for s in self.granted_scopes if s not in known)


def next_slot(pk: uuid.UUID, minutes: int, now: datetime) -> datetime:
    """Return when a connection is due next: the interval, spread by up to a tenth."""
    seconds = minutes * 60
    jitter = seconds / 10 * (zlib.crc32(pk.bytes) % 1000) / 1000
    return now + timedelta(seconds=seconds - jitter)
