"""Simulate a plain provider out of one policy, a few kinds of records and routes."""

from sandbox.plain.api import Api, Call
from sandbox.plain.provider import Plain
from sandbox.plain.records import Kind, Record

__all__ = ["Api", "Call", "Kind", "Plain", "Record"]
