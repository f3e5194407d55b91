"""Show the runs of a sync, each on its own page, and stop one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from integrations.models import ItemChange, SyncRun
from integrations.services.connections.status import status_of
from integrations.services.items.history.change_query import PRESENT, ChangeQuery
from integrations.services.items.history.news import NEW, News
from integrations.services.items.lists.query import ItemQuery
from integrations.services.sync import runs as service
from integrations.views import paging, whole_list
from integrations.views.access import UserRequest, get_connection, get_run
from integrations.views.connections.progress import errors, phases, wait_text


@require_safe
def run_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show every run of a connection that is kept, the latest first."""
    connection = get_connection(request, pk)
    context = paging.make_context(request.GET, connection.runs.all())
    is_read = connection.last_synced_at is not None
    return whole_list.show(
        request,
        context | {"runs": context["page"].object_list},
        heading="Syncs",
        about=connection,
        part="runs/partials/table.html",
        empty_text="Earlier syncs are not kept." if is_read else "No sync has run yet.",
    )


@require_safe
def run_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what a run did, collection by collection, and what went wrong."""
    found = get_run(request, pk)
    status = status_of(found.connection)
    run = status.run_of(found)
    context = {
        "run": run,
        "connection": run.connection,
        "status": status,
        "wait_text": wait_text(run),
        "may_cancel": run.is_open and not run.is_ending,
        "phases": list(phases(run)),
        "errors": list(errors(run)),
        "is_active": run.is_open,
        "lists": _lists(run),
    }
    return render(request, "runs/run_detail.html", context)


def _lists(run: SyncRun) -> dict[str, str]:
    """Return the lists of exactly what a run counts, by what happened to it."""
    of_run = ChangeQuery(run=run.pk)
    since = run.started_at or run.queued_at
    new = News(kind=NEW, since=since, until=run.finished_at)
    return {
        "new": ItemQuery(connection=run.connection_id, news=new).url,
        "changed": of_run.change(kind=PRESENT).url,
        "deleted": of_run.change(kind=ItemChange.Kind.DELETED).url,
    }


@require_POST
def run_cancel(request: UserRequest, pk: UUID) -> HttpResponse:
    """Cancel a run; what it has stored stays."""
    run = get_run(request, pk)
    if run.is_open:
        service.cancel(run)
        messages.info(request, "The sync is cancelled. What it has read stays.")
    return redirect(run.connection)
