"""The figures as a table in the terminal, as flat JSON, and as a page to read."""

from collections.abc import Iterable

from evaluation.measure import Measure, Table

INTRODUCTION = """# How good triage is

Written by `make eval`; do not edit. Every figure is of the national default (`us-default`), which reads type
texts and narratives without knowing the sender, against labelled data that is not part of this project. Where the data
is absent a measure says so.

What to keep in mind:

- Labels by people are a second opinion, not the truth. Topics say what a call is about, not who should go; our
  mapping stands in `evaluation/mappings.py` and is open to argument. `strict` takes the topic alone, `accepting`
  also what the label itself plainly says.
- The lexicon was written while looking at the six police cities. Their figures are an upper bound. Each third of
  the cities is reported apart. Four fire and EMS cities stand under `unseen`; what they showed before anybody looked
  at what went wrong is said there.
- A type text is less than what a service knows: answers and narratives raise danger and open programs.

## What needless means

Police or EMS are needless where **the policy, given only the words at hand, allows somebody else** and they go first
all the same: some program's verdict is `eligible` (`needless_police_or_ems`, target 25 %, by calls and labels). Why so:

- Where a row sends police because a danger is unknown, nobody else was allowed. A program that calls itself eligible
  there contradicts its own policy: that was a defect of the verdicts for disturbances (QL-18) and for complaints that
  say nothing (QL-19), and is mended. They now answer `cannot_tell` and name the fact that is missing.
- A policy could hide behind `cannot_tell`. So all calls that wait for an answer are decided once more with the harmless
  answers, and those that get police even then are counted (`needless_once_answered`, target 25 %).
- Nothing leaves the account: three classes with their volume, and each row with its calls, stand below. The widest
  reading, which takes silence for safety, stands beside (`needless_if_unknown_were_safe`, no target), and so does the
  older one by the row's preference (`needless_where_the_row_allows_it`).
- What it cannot say: whether an officer was needed. No label of these cities tells who should have gone.
"""


def as_json(measures: Iterable[Measure]) -> dict[str, object]:
    """Flat: name -> figures."""
    return {
        m.name: {
            "title": m.title,
            "numerator": m.numerator,
            "denominator": m.denominator,
            "unit": m.unit,
            "share": m.share,
            "missing": m.missing,
            "target": m.target or None,
            "holds": m.holds,
            "skipped": m.skipped or None,
        }
        for m in measures
    }


def as_page(measures: list[Measure]) -> str:
    """The page of the documentation."""
    head = ("measure", "what", "figure", "of", "missing", "target", "")
    rows = tuple((f"`{m.name}`", m.title, *_figure(m), m.target, _mark(m)) for m in measures)
    parts = [INTRODUCTION, _markdown(Table("All figures", head, rows))]
    for measure in measures:
        if measure.tables:
            parts.append(f"## {measure.title}\n\n{measure.meaning}\n")
            parts += [_markdown(table, level=3) for table in measure.tables if table.rows]
    remarks = {m.meaning: m.name for m in reversed(measures) if m.meaning and not m.tables}
    parts.append(
        "## What the other figures mean\n\n" + "\n".join(f"- `{n}`: {t}" for t, n in reversed(remarks.items()))
    )
    return "\n".join(parts).rstrip() + "\n"


def lines(measures: Iterable[Measure]) -> Iterable[str]:
    """For the terminal."""
    for m in measures:
        figure, of, missing = _figure(m)
        yield f"{_mark(m) or ' ':2} {m.name:44} {figure:>8}  {of:32} {m.target:14} {missing}"


def _figure(m: Measure) -> tuple[str, str, str]:
    if m.skipped:
        return "skipped", m.skipped, ""
    share = "-" if m.share is None else f"{m.share:.1%}"
    missing = f"{m.missing:.1%}" if m.missing >= 0.0005 else ""
    return share, f"{m.numerator:,.0f} of {m.denominator:,.0f} {m.unit}", missing


def _mark(m: Measure) -> str:
    return "" if m.holds is None else "✓" if m.holds else "✗"


def _markdown(table: Table, *, level: int = 2) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    ruled = ["| " + " | ".join("---" for _ in table.head) + " |"]
    return "\n".join([f"{'#' * level} {table.title}\n", line(table.head), *ruled, *map(line, table.rows), ""])
