"""Preparation of the database: migrations, and the first administrator.

Runs as a process of its own; prints nothing but a new administrator's password.
"""

import secrets
import sys

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction

from config.checks import refuse_unsafe_settings
from config.run import ADMINISTRATOR


def main() -> None:
    """Migrate, then see that somebody can administer the site."""
    django.setup()
    refuse_unsafe_settings()
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    sys.stdout.write(create_first_administrator())


def create_first_administrator() -> str:
    """Return the password of a new administrator, or nothing if there is one."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return ""
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        user = users.create_superuser(
            username="admin", email=ADMINISTRATOR, password=password
        )
        apps.get_model("account", "EmailAddress").objects.create(
            user=user, email=ADMINISTRATOR, verified=True, primary=True
        )
    return password


if __name__ == "__main__":
    main()
