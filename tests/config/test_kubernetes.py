"""The manifests are what Kubernetes takes, for every process that there is."""

import json
from typing import Any

import kubernetes_validate
import pytest

from config import deadlines, kubernetes
from config.processes import PROCESSES
from tests.config.test_compose import COMPOSE, PINNED

IMAGE = f"registry.example/mooring:1@sha256:{'0' * 64}"
ITEMS: list[dict[str, Any]] = kubernetes.manifests(IMAGE)["items"]
PODS = {
    each["metadata"]["name"]: each["spec"]["template"]["spec"]
    for each in ITEMS
    if "template" in each.get("spec", {})
}
CONTAINERS = [
    container
    for pod in PODS.values()
    for container in (*pod["containers"], *pod.get("initContainers", ()))
]


def named(kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in ITEMS if each["kind"] == kind}


@pytest.mark.parametrize("item", ITEMS, ids=lambda each: each["metadata"]["name"])
def test_kubernetes_knows_every_key(item: dict[str, Any]) -> None:
    kubernetes_validate.validate(item, desired_version="1.34", strict=True)


def test_a_key_that_there_is_not_is_refused() -> None:
    odd = {**ITEMS[0], "spec": {**ITEMS[0]["spec"], "acessModes": []}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(odd, desired_version="1.34", strict=True)


def test_each_process_of_a_site_is_there() -> None:
    assert named("Deployment") == {*(each.name for each in PROCESSES), "proxy"}
    for each in PROCESSES:
        assert PODS[each.name]["containers"][0]["command"] == list(each.command)


def test_every_pod_is_confined_and_its_image_pinned() -> None:
    for pod in PODS.values():
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        grace = pod["terminationGracePeriodSeconds"]
        assert grace > deadlines.stop_seconds(deadlines.LONGEST_TOKEN_SECONDS)
    for container in CONTAINERS:
        context = container["securityContext"]
        assert PINNED.fullmatch(container["image"])
        assert context["readOnlyRootFilesystem"]
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_only_the_proxy_reaches_the_site() -> None:
    (policy,) = (each for each in ITEMS if each["kind"] == "NetworkPolicy")
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in ITEMS
        if each["kind"] == "Deployment"
    }

    assert policy["spec"]["podSelector"]["matchLabels"] == labels["web"]
    (ingress,) = policy["spec"]["ingress"]
    assert ingress == {"from": [{"podSelector": {"matchLabels": labels["proxy"]}}]}


def test_no_part_that_is_away_kills_a_pod() -> None:
    web, proxy = (PODS[name]["containers"][0] for name in ("web", "proxy"))

    for each in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert web[each]["httpGet"]["path"] == "/health/live"
    assert "httpGet" not in {**proxy["livenessProbe"], **proxy["startupProbe"]}
    for each in (web, proxy):
        assert each["lifecycle"]["preStop"]["sleep"]["seconds"] > 0


def test_nothing_begins_before_the_migrations() -> None:
    for each in PROCESSES:
        (waiting,) = PODS[each.name]["initContainers"]
        assert waiting["command"] == ["python", "manage.py", "migrate", "--check"]


def test_each_release_has_a_migration_of_its_own() -> None:
    (first,) = named("Job")
    other = kubernetes.manifests(IMAGE.replace("0", "1"))["items"]

    assert first not in {each["metadata"]["name"] for each in other}


def test_the_proxy_is_the_one_of_compose_and_finds_the_site() -> None:
    container = PODS["proxy"]["containers"][0]
    assert container["image"] == COMPOSE["services"]["proxy"]["image"]
    (config,) = (each for each in ITEMS if each["kind"] == "ConfigMap")
    assert "http://web:8000" in config["data"]["default.conf"]
    assert named("Service") == {"web", "proxy"}


def test_what_is_mounted_is_a_volume_of_its_pod() -> None:
    for pod in PODS.values():
        known = {each["name"] for each in pod["volumes"]}
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert {each["name"] for each in container["volumeMounts"]} <= known


def test_it_is_printed_for_kubectl(capsys: Any) -> None:
    kubernetes.main(["--image", IMAGE, "--proxies", "3"])

    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "List"
    assert '{"name": "TRUSTED_PROXY_COUNT", "value": "3"}' in json.dumps(told)
