"""Bare Django views of ``tests.bench.bare`` for gunicorn, on the product's database."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

django.setup()

# Models exist from here on.
from tests.bench import bare  # noqa: E402

settings.ROOT_URLCONF = bare.__name__
settings.MIDDLEWARE = bare.MIDDLEWARE
application = WSGIHandler()
