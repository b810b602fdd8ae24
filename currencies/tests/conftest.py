"""Fixtures of the tests of currencies."""

from tests.stand_in.fixtures import http_store, stand_in

__all__ = ["http_store", "stand_in"]
