"""What Celery and beat need beside their settings."""
