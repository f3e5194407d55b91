"""Run a Redis with a replica behind Sentinel, all by TLS, out of Debian's package."""

import os
from pathlib import Path

from redis import Redis

from tests.real.operations.certificates import Certificates
from tests.real.support.processes import Running, free_ports, listens, wait_until

SERVICE, PASSWORD, SENTINEL_PASSWORD = "mooring", "at-sea-9", "on-watch-4"


class Sentinels:
    """Own two servers and a sentinel that lets one take over from the other."""

    def __init__(self, directory: Path, certificates: Certificates) -> None:
        self._directory = directory
        self._certificates = certificates
        *self.ports, self._sentinel_port, nobody = free_ports(4)
        # The first of the two sentinels is away.
        self.url = (
            f"rediss+sentinel://:{PASSWORD}@localhost:{nobody},"
            f"localhost:{self._sentinel_port}/{SERVICE}"
            f"?ssl_ca_certs={certificates.authority}"
            f"&sentinel_password={SENTINEL_PASSWORD}"
        )
        primary, replica = self.ports
        self._servers = {
            primary: self._start("primary", primary),
            replica: self._start("replica", replica, f"replicaof 127.0.0.1 {primary}"),
        }
        for port in self.ports:
            wait_until(lambda port=port: listens(port), "Redis is up")
        self._sentinel = self._start_sentinel(primary)
        wait_until(self._has_replica, "the sentinel knows the replica")

    def primary(self) -> int:
        """Return the port of the server that is the primary now, by the sentinel."""
        with self._client(self._sentinel_port, SENTINEL_PASSWORD) as sentinel:
            [_, port] = sentinel.execute_command(
                "SENTINEL", "get-master-addr-by-name", SERVICE
            )
        return int(port)

    def kill_primary(self) -> int:
        """End the primary without a warning; return its port."""
        port = self.primary()
        self._servers.pop(port).kill()
        return port

    def close(self) -> None:
        """End everything."""
        for running in (self._sentinel, *self._servers.values()):
            running.kill()

    def _has_replica(self) -> bool:
        with self._client(self._sentinel_port, SENTINEL_PASSWORD) as sentinel:
            if not listens(self._sentinel_port):
                return False
            answer = sentinel.execute_command("SENTINEL", "replicas", SERVICE)
        return bool(answer)

    def _client(self, port: int, password: str) -> Redis:
        return Redis(
            host="localhost",
            port=port,
            password=password,
            ssl=True,
            ssl_ca_certs=str(self._certificates.authority),
            decode_responses=True,
        )

    def _start_sentinel(self, primary: int) -> Running:
        return self._start(
            "sentinel",
            self._sentinel_port,
            f"requirepass {SENTINEL_PASSWORD}",
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary} 1",
            f"sentinel auth-pass {SERVICE} {PASSWORD}",
            f"sentinel down-after-milliseconds {SERVICE} 1000",
            f"sentinel failover-timeout {SERVICE} 5000",
        )

    def _start(self, name: str, port: int, *lines: str) -> Running:
        directory = self._directory / name
        directory.mkdir()
        settings = [
            "port 0",
            f"tls-port {port}",
            "bind 127.0.0.1",
            f"dir {directory}",
            f"tls-ca-cert-file {self._certificates.authority}",
            f"tls-cert-file {self._certificates.server}",
            f"tls-key-file {self._certificates.key}",
            "tls-auth-clients no",
            "tls-replication yes",
            *lines,
        ]
        if name != "sentinel":
            settings += [
                f"requirepass {PASSWORD}",
                f"masterauth {PASSWORD}",
                "appendonly yes",
            ]
        file = directory / "redis.conf"
        file.write_text("\n".join(settings) + "\n", encoding="utf-8")
        mode = ["--sentinel"] if name == "sentinel" else []
        return Running(
            ["redis-server", str(file), *mode],
            log=directory / "redis.log",
            environment={"PATH": os.environ["PATH"]},
            cwd=directory,
        )
