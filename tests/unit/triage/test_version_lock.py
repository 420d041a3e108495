"""A published text never changes silently."""

from pathlib import Path

import pytest
from tools.lock_policies import write_lock

from dispatch.policies import Locked, current_lock, lock_text, read_lock, silent_edits


def test_a_text_that_changed_without_a_new_version_is_named() -> None:
    (sentence,) = silent_edits({"a": Locked("a", 1, "new")}, {"a": Locked("a", 1, "old")})

    assert sentence.startswith("a changed but is still version 1.")


def test_a_new_version_asks_for_its_line() -> None:
    (sentence,) = silent_edits({"a": Locked("a", 2, "new")}, {"a": Locked("a", 1, "old")})

    assert "a is version 2; update version.lock" in sentence


def test_versions_only_grow_and_policies_do_not_vanish() -> None:
    found = silent_edits({"a": Locked("a", 1, "x")}, {"a": Locked("a", 2, "x"), "b": Locked("b", 1, "y")})

    assert [sentence.split()[0] for sentence in found] == ["a", "b"]
    assert len(found) == 2


def test_an_unlocked_policy_is_named_and_a_locked_one_is_not() -> None:
    now = {"a": Locked("a", 1, "x")}

    assert silent_edits(now, {})[0].startswith("a is not in version.lock")
    assert silent_edits(now, now) == []


def test_the_lock_is_one_line_a_policy() -> None:
    assert lock_text({"a": Locked("a", 1, "x")}).splitlines()[1:] == ["a 1 x"]


def test_every_shipped_policy_agrees_with_its_lock() -> None:
    assert silent_edits(current_lock(), read_lock()) == []


def test_the_lock_is_not_written_over_a_silent_edit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lock = tmp_path / "version.lock"
    lock.write_text(lock_text({"a": Locked("a", 1, "old")}))

    assert write_lock({"a": Locked("a", 1, "new")}, {"a": Locked("a", 1, "old")}, lock) == 1
    assert "a changed but is still version 1. Raise it" in capsys.readouterr().err
    assert lock.read_text().endswith("a 1 old\n")

    assert write_lock({"a": Locked("a", 2, "new")}, {"a": Locked("a", 1, "old")}, lock) == 0
    assert lock.read_text().endswith("a 2 new\n")
