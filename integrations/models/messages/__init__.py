"""Sentences for users, made from codes in this one place."""
