"""Fixtures of the core's own tests."""

from tests.stand_in.fixtures import http_store, stand_in

__all__ = ["http_store", "stand_in"]
