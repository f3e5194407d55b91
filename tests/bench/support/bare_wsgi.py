"""Bare views of ``tests.bench.support.bare`` for gunicorn, on the same database."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

django.setup()

# Models exist from here on.
from tests.bench.support import bare  # noqa: E402

settings.ROOT_URLCONF = bare.__name__
settings.MIDDLEWARE = bare.MIDDLEWARE
application = WSGIHandler()
