"""Run a RabbitMQ out of Debian's package, on ports and in a directory of its own."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.real.operations.certificates import Certificates
from tests.real.support.processes import Running, free_ports, listens, wait_until

# Debian's command in the PATH would change to a user of its own.
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
START_SECONDS = 90


class RabbitMQ:
    """Own one server that speaks TLS alone, and what it needs to find itself."""

    def __init__(self, directory: Path, certificates: Certificates) -> None:
        self._directory = directory
        self.port, distribution, self._epmd_port = free_ports(3)
        self.url = (
            f"amqps://guest:guest@localhost:{self.port}//"
            f"?ssl_ca_certs={certificates.authority}"
        )
        settings = {
            "listeners.tcp": "none",
            "listeners.ssl.1": f"127.0.0.1:{self.port}",
            "ssl_options.cacertfile": certificates.authority,
            "ssl_options.certfile": certificates.server,
            "ssl_options.keyfile": certificates.key,
        }
        lines = [f"{name} = {value}\n" for name, value in settings.items()]
        (directory / "rabbitmq.conf").write_text("".join(lines), encoding="utf-8")
        self._environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "HOME": str(directory),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": "mooring@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            # One thread: the others are the product's.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        }
        # Otherwise it would start this by itself and leave it behind.
        self._epmd = self._run("epmd", "-port", str(self._epmd_port))
        wait_until(lambda: listens(self._epmd_port), "Erlang's name server is up")
        self.start()

    def start(self) -> None:
        """Begin to start; what was acknowledged and not worked on is still there."""
        self._server = self._run(SERVER)

    def wait(self) -> None:
        """Return once it listens."""
        wait_until(lambda: listens(self.port), "RabbitMQ is up", seconds=START_SECONDS)

    def kill(self) -> None:
        """End it without a warning."""
        self._server.kill()
        wait_until(lambda: not listens(self.port), "RabbitMQ is gone")

    def freeze(self) -> None:
        """Let it hang: connected, silent."""
        self._server.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        self._server.thaw()

    def close(self) -> None:
        """End everything."""
        self._server.kill()
        self._epmd.kill()

    def _run(self, *command: str) -> Running:
        environment: Mapping[str, str] = self._environment
        return Running(
            list(command),
            log=self._directory / f"{Path(command[0]).name}.log",
            environment=dict(environment),
            cwd=self._directory,
        )
