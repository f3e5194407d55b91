"""Sealing: secrets, files and addresses that only this site can read."""
