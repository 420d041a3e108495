"""What several kinds of tests share; loaded as pytest plugins by tests/conftest.py."""
