"""What somebody sees who starts a demo that stays up."""

import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from dispatch.cli.demo import city, live_view
from dispatch.cli.demo.runner import Stage
from dispatch.domain.access import Role

NIGHT = datetime(2026, 11, 23, 11, tzinfo=UTC)  # three in the morning in Alder Bay


def _shown() -> str:
    stage = Stage("http://127.0.0.1:8911", dict.fromkeys(Role, "dsp_live_x"), "postgresql:///demo", Path("demo.log"))
    out = io.StringIO()
    live_view.show(Console(file=out, width=80), stage, city.live(NIGHT), 60)
    return out.getvalue()


def test_the_first_call_comes_at_once_and_the_clock_is_never_behind_the_real_one() -> None:
    production = city.live(NIGHT)

    assert production.begins >= NIGHT
    assert timedelta(0) < production.jobs[0].at - production.begins <= timedelta(minutes=1)


def test_the_commands_to_try_can_be_copied_into_the_shell_that_started_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/dispatch", "demo"])
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "\n  .venv/bin/dispatch tail --url http://127.0.0.1:8911 --token dsp_live_x\n" in _shown()


def test_a_command_on_the_path_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dispatch").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "\n  dispatch tail " in _shown()
