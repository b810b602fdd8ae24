"""A local stand-in for the exchange rate services: real TLS on the loopback, answers written by ourselves.

By itself: ``python -m tests.stand_in --port 8443``.
"""

from tests.stand_in.server import MODES, StandIn

__all__ = ["MODES", "StandIn"]
