"""List a user's connections, offer new ones, and act on one of them."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from integrations.context_processors import is_sandbox_on
from integrations.forms import DISCARD, KEEP, DisconnectForm, IntervalForm, RenameForm
from integrations.models import Connection, SyncRun
from integrations.models.messages.wording import count_text
from integrations.providers import SPECS
from integrations.providers.spec import ProviderSpec
from integrations.services.common.database.consistent_read import consistent_read
from integrations.services.common.errors import NotSyncableError
from integrations.services.common.proof import RecentProof
from integrations.services.connections import disconnect
from integrations.services.connections import settings as service
from integrations.services.connections.status import put_status, waiting_for_user
from integrations.services.grants import failed_revocations
from integrations.services.items.own_columns import store as own_columns
from integrations.services.sync import runs
from integrations.services.sync.calls import budget
from integrations.services.writing import waiting
from integrations.views import live
from integrations.views.access import (
    UserRequest,
    get_connection,
    get_connection_named,
    proof_required,
)
from integrations.views.connections.revocations import failed_revocations_of

QUEUE_IS_AWAY = "It is stored and starts as soon as the queue is back."


@require_safe
def connection_list(request: UserRequest) -> HttpResponse:
    """Show every connection of the user, and what else could be connected."""
    context = {
        **_list_context(request),
        "providers": provider_cards(is_staff=request.user.is_staff),
        "sandbox_on": is_sandbox_on(),
    }
    return render(request, "connections/connection_list.html", context)


@require_safe
def connection_list_live(request: UserRequest) -> HttpResponse:
    """Show what has changed on an open list of connections."""
    context = {**_list_context(request), "is_live": True}
    return render(request, "connections/connection_list_live.html", context)


@consistent_read()
def _list_context(request: UserRequest) -> dict[str, Any]:
    noted = failed_revocations.with_note(Connection.objects.owned_by(request.user))
    # A stable sort: the disconnected ones go last, the others keep their order.
    connections = sorted(
        put_status(noted), key=lambda connection: not connection.is_connected
    )
    return {
        "connections": connections,
        "failed_revocations": failed_revocations_of(request.user)
        if all(failed_revocations.is_noted(each) for each in connections)
        else [],
        "attention": waiting_for_user(connections),
        "live_url": reverse("integrations:connection-list-live"),
        "live_seconds": live.seconds_until_look(each.status for each in connections),
    }


def provider_cards(*, is_staff: bool) -> list[dict[str, Any]]:
    """Return what can be connected; only staff learn which settings are missing."""
    return [_card(spec, is_staff=is_staff) for spec in SPECS.values()]


def _card(spec: ProviderSpec, *, is_staff: bool) -> dict[str, Any]:
    provider = settings.PROVIDERS[spec.slug]
    names = f"{spec.env_prefix}CLIENT_ID and {spec.env_prefix}CLIENT_SECRET"
    hint = f"Set {names}." if is_staff and not provider.is_configured else ""
    return {
        "slug": spec.slug,
        "name": spec.name,
        "summary": spec.summary,
        "is_configured": provider.is_configured,
        "is_sandbox": provider.is_sandbox,
        "settings_hint": hint,
    }


@require_safe
def connect(request: UserRequest, provider: str) -> HttpResponse:
    """Show what a provider will be asked for, before the user leaves for it."""
    spec = SPECS.get(provider)
    if spec is None:
        raise Http404
    card = _card(spec, is_staff=request.user.is_staff)
    if not card["is_configured"]:
        hint = card["settings_hint"] or "It is not available here yet."
        text = f"{spec.name} cannot be connected. {hint}"
        messages.warning(request, text, extra_tags="not_configured")
        return redirect("integrations:connection-list")
    connection = _to_reconnect(request, provider)
    home = reverse("integrations:connection-list")
    context = {
        "provider": card,
        "connection": connection,
        "authorize_url": reverse("integrations:authorize", args=(provider,)),
        "can_view": [_described(scope) for scope in spec.scopes if not scope.writes],
        "can_change": [
            _described(scope)
            for scope in spec.scopes
            if scope.writes and connection is not None and connection.is_editing
        ],
        "used": Connection.objects.connected().owned_by(request.user).count(),
        "most": settings.MAX_CONNECTIONS_PER_USER,
        "plans": () if connection else budget.plans_of(provider),
        "cancel_url": connection.get_absolute_url() if connection else home,
    }
    return render(request, "connections/connect_start.html", context)


def _to_reconnect(request: UserRequest, provider: str) -> Connection | None:
    """Return the connection that is to be repaired, if the address names one."""
    pk = request.GET.get("connection")
    return get_connection_named(request, pk, provider) if pk else None


def _described(scope: Any) -> dict[str, str]:
    return {"text": scope.description, "name": scope.name}


@require_POST
def connection_sync(request: UserRequest, pk: UUID) -> HttpResponse:
    """Queue a sync, or say kindly why not."""
    connection = get_connection(request, pk)
    try:
        run = runs.request_sync(
            connection,
            trigger=SyncRun.Trigger.USER,
            full=request.POST.get("full") == "1",
        )
    except NotSyncableError as error:
        why = error.reason_text or "it is not connected"
        text = f"{connection} cannot be synced: {why}."
        messages.warning(request, text, extra_tags=error.reason)
        return redirect(connection)
    if run.joined:
        messages.info(request, f"A sync of {connection} was under way already.")
    elif run.delivered:
        messages.success(request, f"A sync of {connection} was asked for.")
    else:
        text = f"The sync waits for the queue. {QUEUE_IS_AWAY}"
        messages.warning(request, text, extra_tags="queue_away")
    return redirect(connection)


@require_POST
def connection_resume(request: UserRequest, pk: UUID) -> HttpResponse:
    """Read a paused connection again."""
    connection = get_connection(request, pk)
    if connection.state == Connection.State.PAUSED:
        service.resume(connection, actor=request.user)
        messages.success(request, f"{connection} goes on.")
    return redirect(connection)


@require_POST
def connection_rename(request: UserRequest, pk: UUID) -> HttpResponse:
    """Give a connection a name of the user's own."""
    connection = get_connection(request, pk)
    form = RenameForm(request.POST)
    if form.is_valid():
        service.rename(connection, form.cleaned_data["label"])
        messages.success(request, "The name is saved.")
    else:
        messages.error(request, "That name is too long.")
    return redirect(connection)


@require_POST
def connection_interval(request: UserRequest, pk: UUID) -> HttpResponse:
    """Set how often a connection is read."""
    connection = get_connection(request, pk)
    form = IntervalForm(request.POST)
    if not connection.is_connected:
        messages.warning(request, f"{connection} is disconnected: it has no schedule.")
    elif form.is_valid():
        service.set_interval(
            connection,
            form.cleaned_data["minutes"],
            full_refresh_hours=form.cleaned_data["hours"],
        )
        messages.success(request, "The schedule is saved.")
    else:
        messages.error(request, "Choose one of the intervals.")
    return redirect(connection)


@require_http_methods(["GET", "HEAD", "POST"])
def connection_disconnect(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask what becomes of the items, then erase the grant and have it revoked."""
    connection = get_connection(request, pk)
    if not connection.is_connected:
        messages.info(request, f"{connection} is disconnected already.")
        return redirect("integrations:connection-list")
    data = request.POST if request.method == "POST" else None
    form = DisconnectForm(data, waiting=waiting.count(connection))
    if not form.is_valid():
        return _ask_before_disconnect(request, connection, form)
    uninstall = form.cleaned_data["uninstall"]
    keep_items = form.cleaned_data["items"] == KEEP
    keep_edits = form.cleaned_data["edits"] != DISCARD
    go_on = _disconnect if keep_items and not uninstall else _disconnect_for_good
    return go_on(
        request,
        connection,
        keep_items=keep_items,
        keep_edits=keep_edits,
        uninstall=uninstall,
    )


@proof_required
def _disconnect_for_good(
    request: UserRequest,
    connection: Connection,
    *,
    keep_items: bool,
    keep_edits: bool,
    uninstall: bool,
) -> HttpResponse:
    """Delete the items, or remove the app for everybody: nobody can undo either."""
    return _disconnect(
        request,
        connection,
        keep_items=keep_items,
        keep_edits=keep_edits,
        uninstall=uninstall,
        proof=request.proof,
    )


def _disconnect(
    request: UserRequest,
    connection: Connection,
    *,
    keep_items: bool,
    keep_edits: bool,
    uninstall: bool,
    proof: RecentProof | None = None,
) -> HttpResponse:
    disconnect.disconnect(
        connection,
        actor=request.user,
        keep_items=keep_items,
        uninstall=uninstall,
        delete_own_columns=not keep_items and bool(request.POST.get("own_columns")),
        proof=proof,
    )
    if not keep_edits:
        waiting.discard(connection, user=request.user)
    fate = "stay here" if keep_items else "are being deleted"
    messages.success(request, f"{connection} is disconnected. Its items {fate}.")
    return redirect("integrations:connection-list")


def _ask_before_disconnect(
    request: UserRequest, connection: Connection, form: DisconnectForm
) -> HttpResponse:
    spec = SPECS.get(connection.provider)
    name = connection.provider_name
    context = {
        "connection": connection,
        "form_error": " ".join(
            str(error) for errors in form.errors.values() for error in errors
        ),
        "waiting_edits": form.waiting,
        "keep_note": "Sent when you reconnect; an import waits for"
        f" {count_text(int(settings.HISTORY_DAYS), 'day')} and is then cancelled."
        " They go with the items if you delete those.",
        "revoke_note": f"We tell {name} to end our access."
        if spec and spec.revoke_path
        else f"{name} has no way to be told: remove our access there as well.",
        "revoke_url": spec.manage_url_of(connection.remote_id) if spec else "",
        "may_uninstall": disconnect.may_uninstall(connection),
        "own_value_count": own_columns.count_values(connection),
    }
    status = 400 if form.is_bound else 200
    template = "connections/connection_disconnect.html"
    return render(request, template, context, status=status)
