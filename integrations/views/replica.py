"""Lists that may come from the read replica."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpResponse

from integrations.services.common.database import replica
from integrations.views.access import UserRequest

View = Callable[..., HttpResponse]


def from_replica(view: View) -> View:
    """Read a view's items from the replica, and from the primary where that fails.

    Whoever has just changed something reads the primary.
    """

    @wraps(view)
    def call(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.WROTE_COOKIE_NAME in request.COOKIES or not replica.is_near():
            return view(request, *args, **kwargs)
        try:
            with replica.reading():
                return view(request, *args, **kwargs)
        # Right after a migration it has not the newest columns yet, which is no
        # OperationalError.
        except Error:
            replica.note_failure()
            return view(request, *args, **kwargs)

    return call
