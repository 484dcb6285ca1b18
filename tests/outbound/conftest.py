"""A second database for tests that play the same in two counties."""

from tests.security.conftest import fresh

__all__ = ["fresh"]
