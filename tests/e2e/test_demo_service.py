"""The process of the demo's service never outlives the demo, however that ends."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.cli.demo.begun import begun_service
from dispatch.cli.demo.clock import SteppedClock
from dispatch.cli.demo.service import serve
from dispatch.config import Settings
from dispatch.domain.errors import Unavailable

BEGIN = (
    "from dispatch.cli.demo.begun import begun_service\nwith begun_service() as s: print(s.pid, flush=True); input()"
)
GONE_WITHIN_S = 30
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc, which Linux has")


def _alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    # A process that nobody waits for stays listed as a zombie: it does no more.
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def test_a_demo_that_ends_before_it_serves_leaves_no_process() -> None:
    with begun_service() as service:
        assert _alive(service.pid)

    assert not _alive(service.pid)


def test_a_service_that_is_gone_before_its_orders_answers_nothing() -> None:
    with begun_service() as service:
        os.kill(service.pid, signal.SIGKILL)

        assert service.order(b"{}", ()) == ""


def test_a_service_that_cannot_be_loaded_is_refused_and_the_log_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise RuntimeError('half an installation')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    log_file = tmp_path / "log" / "demo.log"

    with begun_service() as service, pytest.raises(Unavailable) as refused:
        serve(service, Settings(data_dir=tmp_path), "postgresql://nowhere", SteppedClock(AT), log_file)

    assert str(log_file) in str(refused.value.fix)
    assert log_file.read_text(encoding="utf-8").endswith("RuntimeError: half an installation\n")
    assert capfd.readouterr().err == ""


def test_killing_the_demo_ends_its_service() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BEGIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        pid = int(demo.stdout.readline())
        assert _alive(pid)
        demo.kill()

    until = time.monotonic() + GONE_WITHIN_S
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _alive(pid)
