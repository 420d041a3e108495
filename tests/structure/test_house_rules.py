"""Rules of the house that no type checker knows."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.cli.exits import Exit, exit_code
from dispatch.domain import errors
from dispatch.domain.errors import DispatchError
from dispatch.web.problems import status_of

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "dispatch"
CORE = ("domain", "linking", "triage", "routing", "simulation", "analytics")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "misc", "common"}
FRAMEWORK = "## Of the framework"
MOST_LINES = 500
MANY_LINES = 300
# Files over MANY_LINES, each with its reason.
LONG_FILES = {
    "domain/access.py": "who may do what, in the one place that knows",
    "operations/calls.py": "a call is new, seen, newer or older: four answers to one question",
    "operations/assignments.py": "every command on an assignment beside its body: give, step, check in",
    "operations/assignment_steps.py": "one step and all that follows from it: unit, incident, offers, timers, queue",
    "operations/decisions.py": "three ways to a further decision: retriage, a newer call, a person",
    "api/roster.py": "four kinds of roster rows with the same five routes",
    "api/assignments.py": "every route of one resource beside its bodies",
    "triage/policy.py": "all that a policy is, as one frozen value, and how it is made",
    "api/incidents.py": "every route of one resource beside its bodies",
}


@functools.cache
def _trees() -> dict[str, ast.Module]:
    """The syntax tree of every module, by its path under src/dispatch."""
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(), filename=str(path))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def _core() -> dict[str, ast.Module]:
    return {path: tree for path, tree in _trees().items() if path.split("/")[0] in CORE}


def _calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The dotted name of everything that is called, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def _imports(tree: ast.Module) -> set[str]:
    """The top-level names of imported packages."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def _classes(kind: type[DispatchError]) -> Iterator[type[DispatchError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _classes(child)


ERRORS = sorted(_classes(DispatchError), key=lambda kind: kind.__name__)


def test_only_the_session_module_commits() -> None:
    found = [
        f"{path}:{line}"
        for path, tree in _trees().items()
        for name, line in _calls(tree)
        if name.split(".")[-1] == "commit" and path != "db/session.py"
    ]

    assert found == []


def test_the_core_has_no_clock_no_chance_no_surroundings_and_no_files() -> None:
    found = [
        f"{path}:{line} {name}"
        for path, tree in _core().items()
        for name, line in _calls(tree)
        if name in ("open", "print", "input")
        or name.endswith((".now", ".utcnow", ".today", ".read_text", ".write_text", ".read_bytes"))
    ]

    assert found == []


def test_the_core_imports_nothing_that_reaches_outside() -> None:
    outside = {"os", "sys", "random", "secrets", "time", "socket", "subprocess", "pathlib", "asyncio", "logging"} | {
        "sqlalchemy", "asyncpg", "alembic", "fastapi", "starlette", "httpx", "typer", "pydantic_settings", "structlog"
    }  # fmt: skip

    found = {path: _imports(tree) & outside for path, tree in _core().items() if _imports(tree) & outside}

    assert found == {}


def test_only_the_settings_read_the_environment() -> None:
    allowed = {"config.py"}
    found = {
        f"{path}:{node.lineno}"
        for path, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and path not in allowed
        # Giving a child process its surroundings is not reading a setting.
        and not path.startswith("embedded/")
    }

    assert found == set()


def test_no_import_hides_inside_a_function() -> None:
    found = [
        f"{path}:{inner.lineno}"
        for path, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert found == []


def test_only_the_readers_of_what_is_shipped_know_libyaml_and_they_know_nothing_else() -> None:
    """Decision 0020: policies are events of libyaml, the sample city is its plain values, all else is ruamel.yaml's."""
    shipped = {"samples/reading.py", "triage/loading/source.py"}

    assert {path for path, tree in _trees().items() if "yaml" in _imports(tree)} == shipped
    assert [path for path, tree in _trees().items() if "ruamel" in _imports(tree) and path in shipped] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [path for path in _trees() if FORBIDDEN_NAMES & set(path.removesuffix(".py").split("/"))]

    assert found == []


def test_no_test_looks_for_a_call_sign_by_its_letters_alone() -> None:
    # Ids are made by chance: one in a few hundred pages of them holds the letters of a call sign (use speaks_of).
    sought = re.compile(r"""["'][A-Z]+\d+["'] (not )?in \w+\.text""")
    files = sorted((ROOT / "tests").rglob("*.py"))

    assert [path.name for path in files if path.name != Path(__file__).name and sought.search(path.read_text())] == []


def test_no_file_is_too_long_and_a_long_one_has_a_reason() -> None:
    lengths = {path.relative_to(SOURCE).as_posix(): len(path.read_text().splitlines()) for path in SOURCE.rglob("*.py")}

    assert {path: n for path, n in lengths.items() if n > MOST_LINES} == {}
    assert {path for path, n in lengths.items() if n > MANY_LINES} <= set(LONG_FILES)
    assert set(LONG_FILES) <= set(lengths)


def test_every_module_and_every_public_class_and_function_of_an_operation_says_what_is_true() -> None:
    bare = [path for path, tree in _trees().items() if ast.get_docstring(tree) is None and tree.body]
    bare += [
        f"{path}:{node.name}"
        for path, tree in _trees().items()
        if path.split("/")[0] in ("operations", "queries")
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]

    assert bare == []


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in ERRORS]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_an_exit_code_and_a_line_in_the_documentation(kind: type[DispatchError]) -> None:
    error = kind("something")
    page = (ROOT / "docs" / "errors.md").read_text().partition(FRAMEWORK)[0]

    assert 400 <= status_of(error) <= 599
    assert exit_code(error) not in (Exit.OK, Exit.USAGE)
    [row] = [line for line in page.splitlines() if line.startswith(f"| `{kind.code}` |")]
    assert f"| {status_of(error)} |" in row
    assert f"| {exit_code(error).value} |" in row


def test_every_code_in_the_documentation_exists() -> None:
    page = (ROOT / "docs" / "errors.md").read_text().partition(FRAMEWORK)[0]
    told = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}

    assert told == {kind.code for kind in ERRORS}


def test_errors_know_nothing_of_http() -> None:
    words = Path(errors.__file__).read_text()

    assert "http" not in words.replace("web/problems.py to HTTP", "").lower()
