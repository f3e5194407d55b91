"""Add nothing below ``/accounts/``: ``signin.urls`` maps every provider's addresses."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
