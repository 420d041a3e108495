"""Batches: nothing read ahead without need, nothing lost, the same answers on any number of processes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import orjson
import pytest

from dispatch.domain.errors import PolicyInvalid
from dispatch.ingest.batch import CHUNK_ROWS, CHUNKS_AHEAD, triage_items
from dispatch.ingest.batch_rows import BatchJob, BatchTally
from dispatch.ingest.mapping import load_mapping
from dispatch.ingest.records import Line, Record

MINI = Path(__file__).resolve().parents[1] / "cli" / "policies" / "mini"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def mini_texts() -> dict[str, str]:
    return {path.relative_to(MINI).as_posix(): path.read_text() for path in sorted(MINI.rglob("*.*")) if path.is_file()}


def job(*, with_questions: bool = False) -> BatchJob:
    return BatchJob(mini_texts(), {}, None, (), NOON, with_questions=with_questions)


def body(number: int) -> str:
    return orjson.dumps({"source": "s", "source_ref": str(number), "call_type": {"text": "NOISE"}}).decode()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_endless_stream_is_read_only_a_little_ahead(workers: int) -> None:
    read = count()

    def endless() -> Iterator[Line]:
        for number in read:
            yield Line(number + 1, body(number))

    decisions = triage_items(endless(), job(), workers=workers)
    first = next(decisions)
    decisions.close()  # type: ignore[attr-defined]

    assert first.tally.decided == CHUNK_ROWS
    assert next(read) <= (workers * CHUNKS_AHEAD + 2) * CHUNK_ROWS


def test_a_policy_that_does_not_load_is_refused_before_a_row_is_read() -> None:
    broken = BatchJob({"policy.yaml": "policy: x\n"}, {}, None, (), NOON)

    with pytest.raises(PolicyInvalid):
        next(triage_items(iter([Line(1, body(1))]), broken))


def test_questions_are_asked_only_when_they_are_wanted() -> None:
    lines = [Line(1, body(1))]

    (without,) = triage_items(lines, job())
    (with_them,) = triage_items(lines, job(with_questions=True))

    assert orjson.loads(without.lines)["questions"] == []
    assert orjson.loads(with_them.lines)["questions"] != []


def test_a_row_that_a_rule_skips_keeps_its_line() -> None:
    mapping = load_mapping("sf-police")
    skipping = [rule.model_copy(update={"action": "skip"}) for rule in mapping.not_calls]
    mapping = mapping.model_copy(update={"not_calls": tuple(skipping)})
    header = ("cad_number", "call_type_original", "received_datetime")
    rows = [Record(1, 2, ["1", "903", "2026/05/01 10:00:00 AM"]), Record(2, 3, ["2", "415", "2026/05/01 10:00:00 AM"])]

    (decided,) = triage_items(rows, BatchJob(mini_texts(), {}, mapping, header, NOON))

    first, second = [orjson.loads(line) for line in decided.lines.splitlines()]
    assert first == {"row": 1, "skipped": "passing-call"}
    assert second["incident_type"] == "NOISE"
    assert (decided.tally.rows, decided.tally.decided, decided.tally.skipped["passing-call"]) == (2, 1, 1)


def test_counts_of_parts_add_up_to_the_counts_of_the_whole() -> None:
    lines = [Line(number, body(number)) for number in range(1, 2 * CHUNK_ROWS)] + [Line(2 * CHUNK_ROWS, "{")]
    whole = BatchTally()

    for decided in triage_items(lines, job()):
        whole.add(decided.tally)

    assert (whole.rows, whole.decided, whole.errors) == (2 * CHUNK_ROWS, 2 * CHUNK_ROWS - 1, 1)
    assert whole.as_data()["categories"] == {"quality_of_life": 2 * CHUNK_ROWS - 1}
