"""Tell gunicorn how to serve the sandbox; it reads this file as its settings."""

# One process, because the rolling windows and the counters live in its memory.
workers = 1
worker_class = "gthread"
threads = 16
# Longer than clients keep idle connections, so that none breaks by surprise.
keepalive = 75
graceful_timeout = 5
# The application itself answers 414.
limit_request_line = 0
loglevel = "warning"
control_socket_disable = True
wsgi_app = "sandbox.wsgi:application"
