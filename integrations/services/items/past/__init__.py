"""How items and tables were at a past time, by undoing what has changed since."""
