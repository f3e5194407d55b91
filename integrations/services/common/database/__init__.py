"""Database: rows locked and written, read elsewhere or at one moment."""
