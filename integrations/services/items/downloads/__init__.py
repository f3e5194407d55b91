"""Files of a list or a table: what they hold, and in which format."""
