#!/usr/bin/env python
"""Run Django's commands for this project."""

import os
import sys
from importlib.util import find_spec

from django.core.management import execute_from_command_line


def choose_settings(arguments: list[str]) -> str:
    """Return the settings of a command; the sandbox has its own, if it is there."""
    if arguments[1:2] != ["sandbox"]:
        return os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings")
    if find_spec("sandbox") is None:
        sys.exit("The sandbox is not part of this installation, only of the source.")
    return "sandbox.settings"


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = choose_settings(sys.argv)
    execute_from_command_line(sys.argv)
