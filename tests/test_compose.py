"""What Docker Compose starts is watched, bounded and restarted."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from operations.management.commands import worker

ROOT = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
LASTING = sorted(set(SERVICES) - {"migrate"})
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# What PostgreSQL's start needs as root, to give its volume to its own user and become that one.
ROOTS = {"db": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}}


def test_there_is_a_service_for_each_part():
    assert LASTING == ["app", "db", "limits", "redis", "scheduler", "worker"]
    assert (SERVICES["db"]["image"], SERVICES["redis"]["image"]) == ("postgres:18", "redis:8")


@pytest.mark.parametrize("name", LASTING)
def test_a_service_has_a_check_limits_a_policy_and_logs_that_end(name):
    service = SERVICES[name]

    assert service["healthcheck"]["test"]
    assert {"memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", ["app", "worker", "scheduler"])
def test_server_and_workers_share_their_settings_and_wait_for_the_migrations(name):
    service = SERVICES[name]

    assert service["environment"]["WORKERS"] == "true"
    assert service["environment"] == SERVICES["app"]["environment"]
    assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize(("name", "role"), [("worker", "no_schedule"), ("scheduler", "only_schedule")])
def test_the_commands_are_understood_and_touch_what_their_check_looks_at(name, role):
    service = SERVICES[name]
    program, script, command, *arguments = service["command"]

    options = worker.Command().create_parser(script, command).parse_args(arguments)

    assert (program, script, command) == ("python", "manage.py", "worker")
    assert getattr(options, role) is True
    assert str(options.alive_file) in shlex.split(service["healthcheck"]["test"][-1])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_no_more_rights_than_it_uses(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) == ROOTS.get(name, set())
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "ipc", "network_mode", "devices"} & set(service)
    assert not [each for each in service.get("volumes", []) if "docker.sock" in each]


def test_nobody_is_root():
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert SERVICES["redis"]["user"] == "999:999"  # PostgreSQL becomes another user by itself


def test_only_the_application_is_reached_and_from_this_machine_alone():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["app"]
    assert SERVICES["app"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name: SERVICES[name]["networks"] for name in ("db", "redis")} == {"db": ["inside"], "redis": ["inside"]}


def test_images_are_of_a_version_and_packages_of_a_hash():
    images = [service["image"] for name, service in SERVICES.items() if name in {"db", "redis"}]
    images += re.findall(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)

    assert len(images) == 3
    assert not [image for image in images if not re.search(r":\d+", image)]
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${PYTHON}", "${PYTHON}"]
    assert "--require-hashes" in DOCKERFILE


def test_no_secret_is_in_the_image_or_in_the_file():
    ignored = (ROOT / ".dockerignore").read_text().split()

    assert {".env", ".git", "var"} <= {each.strip("/") for each in ignored}
    assert not re.findall(r"(?i)^(?:ENV|ARG)\b.*(?:secret|password|token)", DOCKERFILE, re.MULTILINE)
    for name, value in {**SERVICES["app"]["environment"], **SERVICES["db"]["environment"]}.items():
        assert "PASSWORD" not in name or value.startswith("${"), name
