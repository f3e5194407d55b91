"""Cache of all processes, or what stands in for it while its server is away."""

from django.core.cache import cache


def is_shared() -> bool:
    """Return whether all processes have what is written now."""
    ask = getattr(cache, "is_shared", None)
    return ask is None or bool(ask())
