"""Passwords are cheap to check here too."""

from tests.portal.conftest import _cheap_passwords

__all__ = ["_cheap_passwords"]
