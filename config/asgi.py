"""Serve the site over ASGI, for those who run such a server already."""

import os

from django.core.asgi import get_asgi_application

from config.checks import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()
refuse_unsafe_settings()
