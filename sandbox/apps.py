"""Let Django find the sandbox command; the sandbox itself needs no settings."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Register the command and nothing else: no models, no URLs, no signals."""

    name = "sandbox"
    verbose_name = "Sandbox"
