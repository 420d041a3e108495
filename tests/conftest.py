"""Fixtures for every kind of test; they cost nothing until a test asks for them."""

pytest_plugins = ["tests.support.postgres", "tests.support.service"]
