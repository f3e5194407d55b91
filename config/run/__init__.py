"""Run everything on one machine: ``make run``."""

ADMINISTRATOR = "admin@mooring.localhost"
