"""Write the processes of a site as plain Kubernetes manifests.

    python -m config.kubernetes --image IMAGE | kubectl apply -f -

Database, broker and cache are the cluster's own or somebody's service; their addresses,
and all secrets, are in a Secret called ``mooring`` that is made beforehand.
docs/operations.md says what is in it.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from config.deadlines import KILLED_AFTER_SECONDS
from config.processes import MIGRATE, PORT, PROCESSES, WEB, Process

Manifest = dict[str, Any]

NAME: Final = "mooring"
PROXY: Final = "proxy"
PROXY_PORT: Final = 8080
PROXY_FILE: Final = Path(__file__).parent / "proxy" / "nginx.conf"
PROXY_IMAGE: Final = (
    "nginxinc/nginx-unprivileged:1.28-alpine@sha256:"
    "7377697a821c131a924a7105fafbe7414db4e9fcc77a6f08f776f33f141ec3f8"
)
STATE: Final = "/var/lib/mooring"
# Whom the image runs, and the proxy's.
USER, PROXY_USER = 999, 101
# Most stop within seconds; a call that spends a token is waited for.
DRAIN_SECONDS: Final = 5
GRACE_SECONDS: Final = DRAIN_SECONDS + math.ceil(KILLED_AFTER_SECONDS)
CONFINED: Final[Mapping[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
RESOURCES: Final[Mapping[str, Any]] = {
    "requests": {"cpu": "100m", "memory": "256Mi"},
    "limits": {"memory": "1Gi"},
}


def manifests(image: str, *, proxies: int = 2) -> Manifest:
    """Return all of it as one list, in the order in which it is applied.

    ``image`` is what the Dockerfile builds, ``proxies`` how many stand between a client
    and the site, nginx included: TRUSTED_PROXY_COUNT.
    """
    items = [
        _named("v1", "PersistentVolumeClaim", "state", spec=_claim()),
        _named(
            "v1",
            "ConfigMap",
            PROXY,
            data={"default.conf": PROXY_FILE.read_text("utf-8")},
        ),
        # Before the proxy, which looks its name up when it starts.
        _service(WEB.name, PORT),
        _service(PROXY, PROXY_PORT),
        _only_the_proxy(),
        _migration(image),
        *(_deployment(each, image, proxies) for each in PROCESSES),
        _proxy(),
        *(_budget(name) for name in (WEB.name, PROXY)),
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _named(version: str, kind: str, name: str, **rest: Any) -> Manifest:
    labels = _labels(name)
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": NAME, "app.kubernetes.io/name": name}


def _claim() -> Manifest:
    """Return a volume for the fallback store that pods of all machines share."""
    return {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "1Gi"}},
    }


def _migration(image: str) -> Manifest:
    """Return the job of one release: what a job runs cannot be changed later."""
    name = f"{MIGRATE.name}-{sha256(image.encode()).hexdigest()[:10]}"
    pod = _pod(_container(MIGRATE, image), restart="OnFailure")
    spec = {
        "backoffLimit": 6,
        "ttlSecondsAfterFinished": 86_400,
        "template": _template(MIGRATE.name, pod),
    }
    return _named("batch/v1", "Job", name, spec=spec)


def _deployment(process: Process, image: str, proxies: int) -> Manifest:
    container = _container(process, image)
    if process is WEB:
        # Only the proxy reaches it, and the proxy passes on what yours says.
        container["env"] += [
            {"name": "FORWARDED_ALLOW_IPS", "value": "*"},
            {"name": "TRUSTED_PROXY_COUNT", "value": str(proxies)},
        ]
        container["ports"] = [{"name": "http", "containerPort": PORT}]
        container |= _served(_ask("/health/live"))
    waiting = {
        **_container(MIGRATE, image),
        "name": "migrated",
        "command": ["python", "manage.py", "migrate", "--check"],
    }
    pod = _pod(container, initContainers=[waiting])
    return _deployed(process.name, process.replicas, pod)


def _deployed(name: str, replicas: int, pod: Manifest) -> Manifest:
    selector = {"matchLabels": _labels(name)}
    spec = {
        "replicas": replicas,
        "selector": selector,
        "template": _template(name, pod),
    }
    return _named("apps/v1", "Deployment", name, spec=spec)


def _template(name: str, pod: Manifest) -> Manifest:
    return {"metadata": {"labels": _labels(name)}, "spec": pod}


def _pod(container: Manifest, *, restart: str = "Always", **more: Any) -> Manifest:
    claim = {"name": "state", "persistentVolumeClaim": {"claimName": "state"}}
    return {
        **_shared(USER),
        "restartPolicy": restart,
        "containers": [container],
        "volumes": [claim, _scratch()],
        **more,
    }


def _shared(user: int) -> Manifest:
    return {
        "automountServiceAccountToken": False,
        # Else a service called ``web`` would set WEB_PORT in every process.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _scratch() -> Manifest:
    return {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}}


def _container(process: Process, image: str) -> Manifest:
    return {
        "name": process.name,
        "image": image,
        "command": list(process.command),
        "envFrom": [{"secretRef": {"name": NAME}}],
        "env": [
            {"name": "SANDBOX", "value": "off"},
            # A directory of its own: what is mounted belongs to the cluster.
            {"name": "VAR_DIR", "value": f"{STATE}/var"},
        ],
        "volumeMounts": [
            {"name": "state", "mountPath": STATE},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 (a volume of the pod)
        ],
        "resources": dict(RESOURCES),
        "securityContext": dict(CONFINED),
    }


def _served(live: Manifest) -> Manifest:
    """Return how a server is asked, and stopped once nobody is sent to it any more.

    Ready is who answers, whatever else is not well: by `/health/ready` every pod would
    be taken off the site for one part that is away.
    """
    ready = _ask("/health/live")
    return {
        "startupProbe": {**live, "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {**live, "periodSeconds": 10, "timeoutSeconds": 5},
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 5},
        "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}},
    }


def _ask(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": "http"}}


def _only_the_proxy() -> Manifest:
    """Return what keeps others from the site, which believes what its proxy says."""
    spec = {
        "podSelector": {"matchLabels": _labels(WEB.name)},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": _labels(PROXY)}}]}],
    }
    return _named("networking.k8s.io/v1", "NetworkPolicy", WEB.name, spec=spec)


def _proxy() -> Manifest:
    container = {
        "name": PROXY,
        "image": PROXY_IMAGE,
        "ports": [{"name": "http", "containerPort": PROXY_PORT}],
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/nginx/conf.d", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 (a volume of the pod)
        ],
        "resources": dict(RESOURCES),
        "securityContext": dict(CONFINED),
        # It lives without the site as well, and is there when that comes back.
        **_served({"tcpSocket": {"port": "http"}}),
    }
    volumes = [{"name": "config", "configMap": {"name": PROXY}}, _scratch()]
    pod = {**_shared(PROXY_USER), "containers": [container], "volumes": volumes}
    return _deployed(PROXY, 2, pod)


def _service(name: str, port: int) -> Manifest:
    ports = [{"name": "http", "port": port, "targetPort": "http"}]
    return _named(
        "v1", "Service", name, spec={"selector": _labels(name), "ports": ports}
    )


def _budget(name: str) -> Manifest:
    """Return what keeps one of a kind while machines are emptied."""
    spec = {"minAvailable": 1, "selector": {"matchLabels": _labels(name)}}
    return _named("policy/v1", "PodDisruptionBudget", name, spec=spec)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the manifests."""
    parser = argparse.ArgumentParser(description="Print the Kubernetes manifests.")
    parser.add_argument("--image", required=True, help="the image, by its digest")
    parser.add_argument(
        "--proxies", type=int, default=2, help="how many proxies there are, with nginx"
    )
    chosen = parser.parse_args(arguments)
    json.dump(manifests(chosen.image, proxies=chosen.proxies), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
