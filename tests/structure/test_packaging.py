"""What is shipped: a wheel that works by itself, and containers that are closed by default."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dispatch import __version__
from dispatch.cli.main import VERBS
from dispatch.config import Settings
from dispatch.embedded.process import DEFAULTS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "dispatch"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `dispatch` of a fresh environment with the wheel in it; libraries are those of this environment."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    packages = Path(_said(python, "import sysconfig; print(sysconfig.get_paths()['purelib'])"))
    # As a path only: the .pth files in there, which lead to this checkout, are not read.
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    entry = "import sys; from importlib.metadata import distribution as d; "
    run = "(e,) = d('dispatch').entry_points; sys.argv[0] = e.name; e.load()()"
    command = place / "bin" / "dispatch"
    command.write_text(f"#!{python}\n{entry}{run}\n")
    command.chmod(0o755)
    return command


def _said(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _run(command: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, far from the checkout and without its surroundings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DISPATCH_"))}
    return subprocess.run(
        [command, *arguments], cwd=command.parent, env=clean, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_every_data_file_that_the_source_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    needed = {
        f"dispatch/{path.relative_to(SOURCE)}"
        for path in SOURCE.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    }
    needed |= {f"dispatch/_migrations/{path.name}" for path in (ROOT / "migrations").glob("*.py")}
    needed |= {f"dispatch/_migrations/versions/{path.name}" for path in (ROOT / "migrations/versions").glob("*.py")}

    assert sorted(needed - shipped) == []
    assert "dispatch/py.typed" in shipped
    assert any(name.startswith("dispatch/ingest/mappings/") for name in shipped)
    assert any(name.startswith("dispatch/policies/us-default/tables/") for name in shipped)
    assert any(name.startswith("dispatch/samples/") and name.endswith(".ndjson") for name in shipped)


def test_the_wheel_holds_nothing_but_the_package_and_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]

    assert tops == {"dispatch", f"dispatch-{__version__}.dist-info"}
    assert len(licences) == 1


def test_an_installed_wheel_lists_its_commands(installed: Path) -> None:
    answer = _run(installed, "--help")

    assert answer.returncode == 0, answer.stderr
    assert [verb.name for verb in VERBS if verb.name not in answer.stdout] == []


def test_an_installed_wheel_runs_its_own_files_and_not_those_of_the_checkout(installed: Path) -> None:
    found = _said(installed.parent / "python", "import dispatch; print(dispatch.__file__)")

    assert Path(found).is_relative_to(installed.parents[1])


def test_an_installed_wheel_passes_its_policy(installed: Path) -> None:
    answer = _run(installed, "policy", "check", "us-default")

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_an_installed_wheel_prints_its_contract(installed: Path) -> None:
    answer = _run(installed, "openapi")

    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["info"]["version"] == __version__


def test_an_installed_wheel_finds_its_migrations(installed: Path) -> None:
    code = "from dispatch.db.migrate import head_revision; print(head_revision())"
    newest = max(path.name for path in (ROOT / "migrations/versions").glob("[0-9]*.py"))

    assert newest.startswith(_said(installed.parent / "python", code))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_compose_has_no_default_password_and_does_not_start_without_one(compose: dict[str, Any]) -> None:
    secrets = [
        str(value)
        for service in compose["services"].values()
        for name, value in service["environment"].items()
        if "PASSWORD" in name
    ]

    assert len(secrets) == 2
    assert all(re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}", secret) for secret in secrets)
    assert "@" in compose["services"]["service"]["environment"]["DISPATCH_DATABASE_URL"]
    assert not re.search(r"//[^/@]*:[^/@]*@", compose["services"]["service"]["environment"]["DISPATCH_DATABASE_URL"])


def test_compose_waits_for_a_database_that_is_well_and_keeps_both_volumes(compose: dict[str, Any]) -> None:
    database, service = compose["services"]["database"], compose["services"]["service"]
    mounted = {one.split(":")[0] for part in (database, service) for one in part["volumes"]}

    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "pg_isready" in database["healthcheck"]["test"][-1]
    assert "/readyz" in service["healthcheck"]["test"][-1]
    assert mounted == set(compose["volumes"]) == {"database", "data"}
    assert int(database["image"].removeprefix("postgres:")) >= 17


@pytest.mark.parametrize("name", ["autovacuum_naptime", "log_error_verbosity", "log_min_error_statement"])
def test_compose_plans_new_tables_and_keeps_callers_out_of_the_log_as_the_embedded_server_does(
    compose: dict[str, Any], name: str
) -> None:
    words = compose["services"]["database"]["command"]

    assert ("-c", f"{name}={DEFAULTS[name]}") in pairwise(words)


def test_compose_shows_the_service_to_this_machine_only_and_the_database_to_the_service_only(
    compose: dict[str, Any],
) -> None:
    database, service = compose["services"]["database"], compose["services"]["service"]

    assert "ports" not in database
    assert database["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_compose_gives_the_service_no_rights_and_nothing_to_write_to_but_its_data(compose: dict[str, Any]) -> None:
    for part in compose["services"].values():
        assert part["read_only"] is True
        assert part["security_opt"] == ["no-new-privileges:true"]
        assert not part.get("privileged")
    service = compose["services"]["service"]

    assert service["cap_drop"] == ["ALL"]
    assert service["user"].split(":")[0] not in ("0", "root")


def test_the_image_runs_as_a_user_without_rights_says_whether_it_is_well_and_copies_only_what_it_needs() -> None:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert [user.split(":")[0] for user in users] == ["10001"]
    assert any(line.startswith("HEALTHCHECK") and "/readyz" in line for line in lines)
    assert [one for one in copied if f"!{one}" not in ignored] == []
    assert "*" in ignored
    assert all((ROOT / one).exists() for one in copied)


def test_every_setting_that_the_image_or_compose_sets_exists(compose: dict[str, Any]) -> None:
    known = {f"DISPATCH_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\b(DISPATCH_[A-Z_]+)=", (ROOT / "Dockerfile").read_text()))
    named |= {name for name in compose["services"]["service"]["environment"] if name.startswith("DISPATCH_")}

    assert named
    assert named <= known


def test_the_lock_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    assert re.findall(r"https?://\S+", lock) == []
    assert "--index-url" not in lock
