"""App configuration that replaces Django's admin site by our own."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class MooringAdminConfig(SimpleAdminConfig):
    """Admin whose sign-in goes through allauth, imported with the addresses.

    Workers and commands show no pages, and begin quicker without it.
    """

    default_site = "integrations.admin_site.MooringAdminSite"

    def ready(self) -> None:
        """Register the admin's own checks, of all its pages."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[Any]:
    # As pages do, so that threads wait for each other: two at once would each take
    # back what the other has not registered yet.
    import_module(settings.ROOT_URLCONF)
    return check_admin_app(app_configs, **kwargs)
