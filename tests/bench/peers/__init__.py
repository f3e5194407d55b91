"""Loops and tools that the product is compared with, each a script of its own.

``python SCRIPT LIST_URL TOKEN FILE`` loads all contacts from a list's address into a
SQLite file. None imports anything of the product, and each runs in an environment that
holds what it needs and nothing else.
"""
