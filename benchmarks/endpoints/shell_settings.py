"""Our settings, for other addresses: those of `shells`."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.endpoints.shells"
