"""How the service writes its log: one structured line for each thing that happened, on stderr."""

import logging
import sys

import structlog

from dispatch.config import Settings


def configure_logging(settings: Settings) -> None:
    """Structured lines on stderr: JSON for machines, or aligned words for people, colored at a terminal alone."""
    render: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
