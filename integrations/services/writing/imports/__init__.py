"""Imports: the rows of an uploaded CSV file on their way into the outbox."""
