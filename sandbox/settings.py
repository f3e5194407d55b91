"""Offer the least settings the sandbox command runs under without the product."""

INSTALLED_APPS = ["sandbox"]
USE_TZ = True
# Django insists on a value; nothing in the sandbox signs anything with it.
SECRET_KEY = "sandbox-without-secrets"
