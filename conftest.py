"""Loads the fixtures that all tests share."""

pytest_plugins = ["tests.fixtures", "tests.skips", "tests.collector"]
