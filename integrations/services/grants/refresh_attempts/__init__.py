"""The stages of one refresh attempt: its lease, its intent, its outcome.

Each stage is a conditional statement in the database that names the lease, the version
or the attempt it belongs to; that is what keeps a grant safe.
"""
