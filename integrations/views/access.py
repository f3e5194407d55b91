"""Authorize: who is asking, since when that is proven, and only what is theirs."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from integrations.models import Collection, Connection, SyncRun
from integrations.models.accounts.preferences import Preferences
from integrations.models.uuids import read_uuid
from integrations.services.common.proof import RecentProof
from integrations.services.connections.counts import with_item_count

P = ParamSpec("P")


class UserRequest(HttpRequest):
    """Type a request that the login middleware has let in."""

    user: User
    proof: RecentProof
    preferences: Preferences


def get_connection(request: UserRequest, pk: UUID) -> Connection:
    """Return a connection of the user's own, or answer 404."""
    own = Connection.objects.owned_by(request.user)
    return get_object_or_404(with_item_count(own), pk=pk)


def get_connection_named(request: HttpRequest, text: str, provider: str) -> Connection:
    """Return a connection of the user's own that a form or an address names, or 404."""
    pk = read_uuid(text)
    if pk is None:
        raise Http404
    own = Connection.objects.owned_by(request.user)
    return get_object_or_404(own, pk=pk, provider=provider)


def get_collection(request: UserRequest, pk: UUID) -> Collection:
    """Return a collection of the user's own with its connection, or answer 404."""
    own = Collection.objects.owned_by(request.user).select_related("connection")
    return get_object_or_404(own, pk=pk)


def get_run(request: UserRequest, pk: UUID) -> SyncRun:
    """Return a run of one of the user's own connections, or answer 404."""
    runs = SyncRun.objects.select_related("connection")
    return get_object_or_404(runs, pk=pk, connection__owner=request.user)


def has_proven_recently(request: UserRequest) -> bool:
    """Tell whether the user gave a password or a second factor a moment ago."""
    records = get_authentication_records(request, request.user)
    latest = max((float(entry.get("at") or 0) for entry in records), default=0.0)
    return time.time() - latest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def proof_required(
    view: Callable[Concatenate[UserRequest, P], HttpResponse],
) -> Callable[Concatenate[UserRequest, P], HttpResponse]:
    """Ask first who is there, and give the view the proof, as ``request.proof``.

    A form that was sent goes on after the answer; whoever has neither password nor
    second factor cannot be asked.
    """

    @wraps(view)
    def proven(request: UserRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request.proof = RecentProof(user=request.user)
        return view(request, *args, **kwargs)

    return _ask_who_is_there(proven)


_ask_who_is_there = reauthentication_required(
    enabled=lambda request: not has_proven_recently(request)
)
