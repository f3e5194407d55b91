"""Offer the sandbox to a WSGI server."""

from sandbox.app import make_app
from sandbox.config import Config
from sandbox.provider import Plan
from sandbox.providers import PROVIDERS
from sandbox.storage import Storage
from sandbox.world import Sandbox

config = Config.from_environ()
sandbox = Sandbox(Storage(config.database), config=config, providers=PROVIDERS)
sandbox.seed(Plan())
application = make_app(sandbox)
