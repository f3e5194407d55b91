"""App configuration that replaces Django's admin site by our own."""

from django.contrib.admin.apps import AdminConfig


class MooringAdminConfig(AdminConfig):
    """Admin whose sign-in goes through allauth."""

    default_site = "integrations.admin_site.MooringAdminSite"
