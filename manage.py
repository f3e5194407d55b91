#!/usr/bin/env python
"""Run Django's commands for this project."""

import gc
import os
import sys
from contextlib import suppress
from importlib.util import find_spec

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def choose_settings(arguments: list[str]) -> str:
    """Return the settings of a command; the sandbox has its own, if it is there."""
    if arguments[1:2] != ["sandbox"]:
        return os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings")
    if find_spec("sandbox") is None:
        sys.exit("The sandbox is not part of this installation, only of the source.")
    return "sandbox.settings"


def set_up() -> None:
    """Import the project without a look for garbage, which takes a sixth of it."""
    gc.disable()
    # What is wrong with the settings is for the command line to say.
    with suppress(ImproperlyConfigured):
        django.setup()
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = choose_settings(sys.argv)
    set_up()
    execute_from_command_line(sys.argv)
