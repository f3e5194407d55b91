"""Hash passwords that nobody guards; the product knows the form and would renew it."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickPasswordHasher(PBKDF2PasswordHasher):
    """The product's second hasher, without what costs a fifth of a second a time."""

    iterations = 1
