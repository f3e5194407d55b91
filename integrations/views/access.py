"""Say who is asking, and find only what is theirs."""

from typing import cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from integrations.models import Connection, SyncRun
from integrations.services.counts import with_item_count


def person(request: HttpRequest) -> User:
    """Return the signed-in person; the middleware lets nobody else in."""
    return cast(User, request.user)


def get_connection(request: HttpRequest, pk: UUID) -> Connection:
    """Return a connection of the person's own, or answer 404."""
    own = Connection.objects.owned_by(person(request))
    return get_object_or_404(with_item_count(own), pk=pk)


def get_run(request: HttpRequest, pk: UUID) -> SyncRun:
    """Return a run of one of the person's own connections, or answer 404."""
    runs = SyncRun.objects.select_related("connection")
    return get_object_or_404(runs, pk=pk, connection__owner=person(request))
