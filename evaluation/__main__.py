"""`python -m evaluation`: measures everything for which there is data; fails only when a measure breaks."""

import json
from collections.abc import Callable
from pathlib import Path

from evaluation.categories import categories, unseen_cities
from evaluation.danger import danger
from evaluation.deciding import Judge
from evaluation.linking import linking
from evaluation.measure import Measure, measured
from evaluation.must_not_miss import must_not_miss
from evaluation.needless import needless
from evaluation.negation import negation
from evaluation.report import as_json, as_page, lines
from evaluation.reports import burlington_flags, shares, telephone_reports
from evaluation.travel import travel_lines, travel_page
from evaluation.unseen import unseen_sentences

ROOT = Path(__file__).parents[1]
MEASURES: dict[str, tuple[str, Callable[[Judge], list[Measure]]]] = {
    "must_not_miss": ("Danger in disguise that was missed", must_not_miss),
    "unseen_danger": ("Danger missed in sentences written before the grammar", unseen_sentences),
    "danger_missed": ("Danger sent to a civilian or the telephone alone", danger),
    "needless_police_or_ems": ("Police or EMS first where an eligible program could go", needless),
    "category": ("Category from type text", categories),
    "unseen": ("Category of the titles of fire services", unseen_cities),
    "san_diego_priority_9": ("San Diego telephone reports", telephone_reports),
    "burlington_mental_health": ("Burlington flags", burlington_flags),
    "negation": ("Denied and past concepts in clinical sentences", negation),
    "linking": ("Calls about one thing", linking),
    "share": ("Shares beside published bands", shares),
}


def measure_all(judge: Judge) -> list[Measure]:
    """Every figure, in the order of the page."""
    return [
        figure
        for name, (title, run) in MEASURES.items()
        for figure in measured(name, title, lambda run=run: run(judge))  # type: ignore[misc]
    ]


def main() -> None:
    found = measure_all(Judge())
    for line in lines(found):
        print(line)
    travel = travel_lines()
    print("\n".join(travel))
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "eval.json").write_text(json.dumps(as_json(found), indent=1, ensure_ascii=False) + "\n")
    if any(figure.skipped for figure in found):
        print("docs/triage-quality.md is left as it is, because some of the data is absent.")
    else:
        (ROOT / "docs" / "triage-quality.md").write_text(as_page(found), encoding="utf-8")
        (ROOT / "docs" / "travel-quality.md").write_text(travel_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
