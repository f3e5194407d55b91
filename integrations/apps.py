"""Name the application to Django and start what must run once per process."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Configure the product's one application."""

    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and listen to what happens to accounts."""
        from integrations import checks  # noqa: F401, PLC0415 (needs loaded apps)
        from integrations.signin import audit  # noqa: F401, PLC0415 (the same)
