"""Put our own admin site where Django looks for the stock one."""

from django.contrib.admin.apps import AdminConfig


class MooringAdminConfig(AdminConfig):
    """Configure the admin with its own door."""

    default_site = "integrations.admin_site.MooringAdminSite"
