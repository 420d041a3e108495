"""What somebody sees who starts a demo that stays up."""

import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from dispatch.cli.demo import city, live_view
from dispatch.cli.demo.clock import RunningClock
from dispatch.cli.demo.played import Played
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


def test_a_line_says_who_is_missing_for_whom_and_why() -> None:
    production, out = city.live(NIGHT), io.StringIO()
    clock = RunningClock(production.begins, 60)
    clock.start()
    triage = {"priority": 1, "category": "medical", "incident_type": "CHEST", "plan": []}
    played = Played(production.jobs[0], "inc_1", "1042", triage, [], frozenset())
    gap = {"missing": 1, "responder_type": "ems", "why": "All that are on duty are taken."}

    live_view.Teller(Console(file=out, width=200), production.set_up.time_zone, clock).tell("short", played, [gap])

    assert "#1042" in out.getvalue()
    assert "nobody on it, waits for 1 ems: All that are on duty are taken." in out.getvalue()
