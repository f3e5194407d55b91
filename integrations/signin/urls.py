"""Add nothing below ``/accounts/``, where allauth puts the addresses of providers.

Where to start and where to come back is mapped once, in ``integrations.urls``.
"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
