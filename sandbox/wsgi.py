"""Offer the sandbox to a WSGI server."""

from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.serving.app import App
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS

config = Config.from_environ()
sandbox = Sandbox(Storage(config.database), config=config, providers=PROVIDERS)
sandbox.seed(Plan())
application = App(sandbox)
