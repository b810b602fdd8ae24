"""Fixtures of the tests of accounts."""

from securities.tests.conftest import shelf

__all__ = ["shelf"]
