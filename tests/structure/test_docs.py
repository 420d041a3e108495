"""The pages say what is so: links lead somewhere, commands exist, every setting is told, tables match the code."""

import re
from pathlib import Path

import pytest

from dispatch.cli.main import VERBS
from dispatch.config import Settings
from dispatch.domain import access, classification
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.state_docs import intervals_table
from dispatch.domain.unit import UnitStatus
from dispatch.operations.call_body import CallBody

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TOLD = sorted([*PAGES, *(ROOT / name for name in ("Dockerfile", "docker-compose.yml", ".dockerignore", "Makefile"))])
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
# Places of the machines it is made on, and addresses of package registries: they are nobody's business.
PRIVATE = re.compile(
    r"/work/|/root/|/home/\w|/tmp/\w|pypi\.org|files\.pythonhosted|registry\.npmjs|ghcr\.io|docker\.io"
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the forges make them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if path.startswith(("http://", "https://")):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", TOLD, ids=name_of)
def test_no_page_names_a_private_path_or_a_registry(page: Path) -> None:
    assert PRIVATE.findall(page.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE))

    assert named <= targets


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_every_dispatch_command_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"(?:^|[ /])dispatch ([a-z]+)", _commands(page), re.MULTILINE))

    assert named <= {verb.name for verb in VERBS}


def _commands(page: Path) -> str:
    """What a page sets as code: fenced blocks and spans that begin with the command."""
    text = page.read_text()
    fenced = [block for block in FENCE.findall(text) if not re.match(r" *```(yaml|json|python|mermaid|sql)", block)]
    spans = re.findall(r"`((?:\.venv/bin/)?dispatch [a-z][^`]*)`", FENCE.sub("", text))
    return "\n".join([*fenced, *spans, ""])


def test_every_setting_is_told_in_operations_with_its_default() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    rows = dict(re.findall(r"^\| `(DISPATCH_[A-Z_]+)` \| ([^|]+) \|", page, re.MULTILINE))

    assert set(rows) == {f"DISPATCH_{name.upper()}" for name in Settings.model_fields}
    for name in ("port", "pool_size", "max_body_bytes", "host", "log_level", "log_format"):
        assert rows[f"DISPATCH_{name.upper()}"].strip() == str(Settings.model_fields[name].default)


def test_the_table_of_roles_is_the_one_that_the_service_obeys() -> None:
    roles = list(access.Role)
    lines = [f"| permission | {' | '.join(role.value.replace('_', ' ') for role in roles)} |"]
    for permission in access.Permission:
        marks = ("x" if permission in access.ROLE_PERMISSIONS[role] else "" for role in roles)
        lines.append(f"| `{permission.value}` | {' | '.join(marks)} |")

    page = (ROOT / "docs/integrating.md").read_text()

    assert [line for line in lines if line not in page] == []


def test_the_glossary_holds_the_intervals_that_are_computed_and_every_word_of_the_contract() -> None:
    page = (ROOT / "docs/glossary.md").read_text()
    words = [
        *classification.Category,
        *classification.Verdict,
        *classification.SlotRole,
        *classification.SHIPPED_RESPONDER_TYPES,
        *IncidentStatus,
        *AssignmentStatus,
        *UnitStatus,
        *access.Role,
    ]

    assert intervals_table() in page
    assert [str(word) for word in words if f"`{word}`" not in page] == []


def test_every_call_that_integrating_shows_is_one_that_the_service_takes() -> None:
    page = (ROOT / "docs/integrating.md").read_text()
    bodies = re.findall(r"/v1/calls\".*?-d '(\{.*?\})'", page, re.DOTALL)
    good = [body for body in bodies if "sourceref" not in body]

    assert len(bodies) >= 3
    assert len(good) == len(bodies) - 1  # one is shown with its error
    assert [CallBody.model_validate_json(body).source for body in good] == ["my-cad"] * len(good)


def test_decisions_are_numbered_without_a_gap_and_say_what_was_rejected() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))

    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text()
        missing = [part for part in ("Context", "Decision", "Consequences", "Rejected") if f"**{part}.**" not in text]
        assert missing == [], page.name
