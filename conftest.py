"""Loads the fixtures that all tests share; no test of generated examples is timed."""

from hypothesis import settings

pytest_plugins = ["tests.fixtures", "tests.skips", "tests.collector"]

settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")
