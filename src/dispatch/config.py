"""What the surroundings say, read once: the only module that looks at the environment.

Every setting is a variable `DISPATCH_<NAME>`. The composition root, the command line and the workers call
`load_settings()` once and pass values down; nothing else asks the environment.
"""

import os
import re
import socket
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.domain.errors import FieldProblem, Invalid

MEBIBYTE = 1024 * 1024
# Each process holds the policies in memory; more processes than this want a thought, and so a setting.
PROCESSES_AT_MOST = 4


def default_data_dir() -> Path:
    """`.dispatch` beside the pyproject.toml of a checkout, or in the current directory of an installed package.

    Two clones beside each other therefore have two databases, and a command finds the same one from any
    directory of its clone.
    """
    checkout = Path(__file__).resolve().parents[2]
    home = checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()
    return home / ".dispatch"


class Settings(BaseSettings):
    """Where the service listens, where it keeps its data and how much it accepts."""

    model_config = SettingsConfigDict(
        env_prefix="DISPATCH_", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: str | None = Field(
        default=None, repr=False, description="An external PostgreSQL; without it the embedded one is used."
    )
    data_dir: Path = Field(default_factory=default_data_dir, description="Embedded database, spool, outage sheets.")
    postgres_bin: Path | None = Field(
        default=None, description="Directory with postgres and initdb, in place of the embedded ones."
    )
    pool_size: int = Field(default=20, ge=1, le=200, description="Connections kept open; no more are ever opened.")

    host: str = "127.0.0.1"
    port: int = Field(default=8911, ge=0, le=65535, description="0 means any free port.")
    processes: int | None = Field(
        default=None, ge=1, le=64, description="Processes that answer; default: one for each processor, four at most."
    )
    metrics_dir: Path | None = Field(
        default=None, description="Where several processes keep their counts; `dispatch serve` chooses it."
    )
    timers: bool = Field(default=True, description="Whether the service fires timers itself, beside its requests.")
    max_body_bytes: int = Field(default=MEBIBYTE, ge=1024)
    max_streams: int = Field(default=200, ge=1, description="Event streams open at once in this process.")
    max_streams_per_token: int = Field(default=8, ge=1, description="Event streams open at once with one token.")

    travel_url: str | None = Field(
        default=None, description="A Valhalla server, or the table address of an OSRM server, that tells driving times."
    )
    travel_limit_s: float = Field(default=0.5, gt=0, le=10, description="How long that server may take.")
    reserve: dict[str, int] = Field(
        default_factory=dict, description='Idle units kept from routine calls, such as {"ems": 2}.'
    )
    coverage: Literal["expected", "preparedness"] = "expected"

    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("database_url")
    @classmethod
    def _through_asyncpg(cls, url: str | None) -> str | None:
        return None if url is None else asyncpg_url(url)

    @field_validator("travel_url")
    @classmethod
    def _over_http(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url

    @field_validator("data_dir", "postgres_bin")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower_case(cls, word: object) -> object:
        return word.lower() if isinstance(word, str) else word

    def process_count(self) -> int:
        """How many processes answer requests."""
        return self.processes or min(_processors(), PROCESSES_AT_MOST)

    @property
    def port_was_chosen(self) -> bool:
        """True when somebody named a port, so that taking another one would be a surprise."""
        return "port" in self.model_fields_set


def load_settings() -> Settings:
    """The settings of this process. Raises Invalid, naming each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [_problem(str(one["loc"][0]) if one["loc"] else "", one["msg"]) for one in error.errors()]
        wrong = "; ".join(f"{problem.pointer}: {problem.detail}" for problem in problems)
        raise Invalid(
            f"The settings cannot be used: {wrong}.",
            fix="Correct or unset these environment variables.",
            errors=problems,
        ) from None


def _problem(field: str, message: str) -> FieldProblem:
    return FieldProblem(f"DISPATCH_{field.upper()}", "invalid", message.removeprefix("Value error, "))


def asyncpg_url(url: str) -> str:
    """The same database, spoken to through asyncpg. Raises ValueError when it is not a PostgreSQL address.

    libpq's word `sslmode` becomes asyncpg's `ssl`, which takes the same values.
    """
    scheme, found, rest = url.strip().partition("://")
    if not found or scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
        raise ValueError("must begin with postgresql://, postgres:// or postgresql+asyncpg://")
    return "postgresql+asyncpg://" + re.sub(r"(?<=[?&])sslmode=", "ssl=", rest)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_in(directory: Path) -> None:
    """Whatever this process counts from now on is kept in that directory, beside what other processes count."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def choose_port(settings: Settings) -> int:
    """A port that was free a moment ago: the one in the settings, or any other when nobody named that one.

    Raises Invalid when a port was named and something else listens there.
    """
    if settings.port and _is_free(settings.host, settings.port):
        return settings.port
    if settings.port and settings.port_was_chosen:
        raise Invalid(
            f"Port {settings.port} on {settings.host} is taken.",
            fix="Stop the program that listens there, or set DISPATCH_PORT to another port or to 0 for any free one.",
        )
    return _any_free_port(settings.host)


def _is_free(host: str, port: int) -> bool:
    with _listener(host) as probe:
        # The service itself listens with SO_REUSEADDR; without it a port just given back would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _any_free_port(host: str) -> int:
    with _listener(host) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _listener(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
