"""Configure gunicorn: ``gunicorn -c config/gunicorn.conf.py config.wsgi``."""

import gc
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import deadlines
from config.environment.env import LOG_LEVELS, Environment
from config.monitoring import machine
from config.monitoring.logs import FORMS, logging_config
from config.web.web_worker import BufferedWorker

_env = Environment.load(Path(__file__).resolve().parent.parent)

# The ORM, requests and allauth all block, so threads are what waits here; for clients
# that are slow the worker's main loop waits.
worker_class = BufferedWorker
workers = _env.whole("WEB_CONCURRENCY", default=2, low=1, high=64)
threads = _env.whole("WEB_THREADS", default=8, low=1, high=64)
timeout = 60
# The most that gunicorn takes: filters with many values are in the address. Those that
# a form makes are shorter, see MOST_ADDRESS of views/items/tables/filtering/page.py.
limit_request_line = 8190
# A connection that is kept costs no thread.
keepalive = 5
# The settings have the same list; see config/web/https.py.
forwarded_allow_ips = ",".join(_env.networks("FORWARDED_ALLOW_IPS", "127.0.0.1,::1"))
# The site is at the root: a path that a proxy hands on, as a client sent it, would lead
# everybody astray through what is drawn once.
forwarder_headers = ""
# A callback in the middle of an exchange has its answer first.
graceful_timeout = deadlines.stop_seconds(deadlines.token_timeout(_env))
# The control socket has one fixed place per user, which two sites would share.
control_socket_disable = True
# No access log: addresses of OAuth callbacks carry codes. Errors go where all goes.
accesslog = None
logconfig_dict = logging_config(
    _env.choice("LOG_LEVEL", LOG_LEVELS), _env.choice("LOG_FORMAT", FORMS)
)


def post_worker_init(_worker: object) -> None:
    """Have this machine report how its disk, files and clock are.

    What is loaded by now stays. A look for garbage went through all of it, for 87 ms
    at one page of a hundred.
    """
    gc.collect()
    gc.freeze()
    machine.begin()


if _env.problems:
    raise ImproperlyConfigured(" ".join(map(str, _env.problems)))
