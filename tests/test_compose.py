"""What Docker Compose starts is watched, bounded and restarted."""

import shlex
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from operations.management.commands import worker

SERVICES = yaml.safe_load((Path(settings.BASE_DIR) / "docker-compose.yml").read_text())["services"]
LASTING = sorted(set(SERVICES) - {"migrate"})


def test_there_is_a_service_for_each_part():
    assert LASTING == ["app", "db", "redis", "scheduler", "worker"]
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
