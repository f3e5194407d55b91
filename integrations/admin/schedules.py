"""Describe what beat starts, and how often."""

from django.contrib import admin
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

WORDS = {
    "integrations.tasks.dispatch_due": "Start the syncs that are due",
    "integrations.tasks.refresh_due": "Renew the tokens that are due",
    "integrations.tasks.sweep": "Bring back lost or stuck work",
    "celery.backend_cleanup": "Clean up old task results",
}

admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class ScheduleAdmin(PeriodicTaskAdmin):
    """List what beat starts under names that users understand."""

    list_display = ("what", "enabled", "scheduler", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    date_hierarchy = None

    @admin.display(description="what it does", ordering="name")
    def what(self, task: PeriodicTask) -> str:
        """Describe the task."""
        return WORDS.get(task.task, str(task.name))
