"""What the service writes on stderr."""

import pytest
import structlog

from dispatch.config import Settings
from dispatch.web.logs import configure_logging


def test_a_log_that_goes_to_a_file_holds_no_colors(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        configure_logging(Settings(log_format="console"))
        structlog.get_logger().info("request", route="/v1/calls", status=201)
    finally:
        structlog.reset_defaults()

    line = capsys.readouterr().err
    assert "request" in line
    assert "route=/v1/calls status=201" in line
    assert "\x1b" not in line
