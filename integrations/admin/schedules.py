"""Describe what beat starts, and how often; the settings decide that, not a form."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from integrations.admin.base import ReadOnlyAdmin

WORDS = {
    "integrations.tasks.dispatch_due": "Start the syncs that are due",
    "integrations.tasks.refresh_due": "Renew the tokens that are due",
    "integrations.tasks.enqueue_lost": "Bring back lost work",
    "integrations.tasks.sweep": "Bring back stuck work, and delete what is old",
    "integrations.tasks.watch": "Notice trouble and its end, and send notices",
    "integrations.tasks.heartbeat": "Prove that somebody works on a queue",
    "celery.backend_cleanup": "Clean up old task results",
}
FIXED = (
    "This schedule is part of Mooring and cannot be edited: it is written anew "
    "whenever the scheduler starts. SWEEP_INTERVAL sets how often lost work is "
    "looked for; how often a connection is synced is set on its own page."
)

# A form for these would be undone as well, and nothing else uses them.
for model in (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
):
    admin.site.unregister(model)


@admin.register(PeriodicTask)
class ScheduleAdmin(ReadOnlyAdmin):
    """List what beat starts under names that users understand."""

    list_display = ("what", "name", "scheduler", "last_run_at", "total_run_count")
    fields = (
        "what",
        "name",
        "task",
        "scheduler",
        "queue",
        "enabled",
        "last_run_at",
        "total_run_count",
    )
    readonly_fields = fields
    ordering = ("name",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        messages.info(request, FIXED)
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        messages.info(request, FIXED)
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description="what it does", ordering="name")
    def what(self, task: PeriodicTask) -> str:
        """Describe the task."""
        return WORDS.get(task.task, str(task.name))

    @admin.display(description="how often")
    def scheduler(self, task: PeriodicTask) -> str:
        """Return how often beat starts it."""
        return str(task.scheduler)
