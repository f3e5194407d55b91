"""Configure the site: settings, URLs, servers, queues."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
