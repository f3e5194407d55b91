"""Configure gunicorn, which reads this file by its name."""

import os

from config.logs import logging_config

# The ORM, requests and allauth all block, so threads are what waits here.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 20
# The control socket has one fixed place per user, which two sites would share.
control_socket_disable = True
# No access log: addresses of OAuth callbacks carry codes. Errors go where all goes.
accesslog = None
logconfig_dict = logging_config(os.environ.get("LOG_LEVEL", "INFO").upper())
