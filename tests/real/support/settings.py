"""The product's settings, but for what a sign-in costs."""

from config.settings import *

PASSWORD_HASHERS = ["tests.real.support.quick_passwords.QuickPasswordHasher"]
