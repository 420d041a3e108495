"""Policies of a size that is asked for: the shipped words, types, plans and programs under tables of our own making."""

import json
import random
from collections.abc import Mapping

from bench.world import POLICY
from dispatch.domain.classification import Category
from dispatch.policies import read_shipped
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.lexicon import Meaning
from dispatch.triage.loading.lexicon_text import Phrase
from dispatch.triage.policy import Policy, load_policy

TABLES = 10


def made_policy(shipped: Policy, rows: int, phrases: int) -> Policy:
    """A policy of so many rows and so many of the shipped phrases, each topic among them; no patterns of words."""
    files = {name: text for name, text in made_files(shipped, rows).items() if not name.startswith("lexicon/")}
    return load_policy({**files, "lexicon/made.yaml": _lexicon(shipped, phrases)})


def _lexicon(shipped: Policy, count: int) -> str:
    known = [one for one in shipped.phrases.phrases.values() if isinstance(one.meaning, Meaning) and not one.is_form]
    by_topic = {topic: one for one in known for topic in _topics(one)}
    found = {one.words: one for one in by_topic.values()}
    random.Random(500).shuffle(known)
    for one in known:
        if len(found) >= count:
            break
        if isinstance(one.meaning, Meaning) and one.meaning.facts:
            found.setdefault(one.words, one)
    entries = [_entry(one) for one in found.values()]
    # Topics that only patterns name are words of the tables too.
    entries += [_made(topic) for topic in sorted(shipped.topics.difference(by_topic))]
    return "\n".join(["lexicon: made", "language: en", "entries:", *entries, ""])


def _made(topic: str) -> str:
    return f"  - {json.dumps({'phrases': [f'made {topic}'], 'topics': [topic]})}"


def _topics(phrase: Phrase) -> tuple[str, ...]:
    return phrase.meaning.topics if isinstance(phrase.meaning, Meaning) else ()


def _entry(phrase: Phrase) -> str:
    meaning = phrase.meaning
    assert isinstance(meaning, Meaning)
    said = {"phrases": [" ".join(phrase.words)], "facts": dict(meaning.facts), "topics": list(meaning.topics)}
    return f"  - {json.dumps({name: value for name, value in said.items() if value}, ensure_ascii=False)}"


def made_files(shipped: Policy, count: int) -> Mapping[str, str]:
    """The shipped policy's words, types, plans and programs with tables of our own making: so many rows in all."""
    draw = random.Random(1000)
    kept = {name: text for name, text in read_shipped(POLICY).items() if not name.startswith(("tables/", "cases/"))}
    rows = [_row(number, shipped, draw) for number in range(count - 1)]
    share = -(-len(rows) // TABLES)
    tables = {
        f"tables/{10 + number}-made-{number}.yaml": _table(number, rows[number * share : (number + 1) * share])
        for number in range(TABLES)
    }
    last = _table(
        TABLES,
        [
            "  - {id: END, title: Else, when: {}, then: {category: police, priority: 3, plan: police},"
            " because: Made, source: OWN}"
        ],
    )
    return {**kept, **tables, f"tables/99-made-{TABLES}.yaml": last}


def _table(number: int, rows: list[str]) -> str:
    return "\n".join([f"table: made-{number}", "title: Made", "owner: Bench", "rows:", *rows, ""])


def _row(number: int, shipped: Policy, draw: random.Random) -> str:
    """A row as people write them: one to three things that must hold together."""
    asked = {}
    for fact in draw.sample(shipped.asked_facts, draw.randint(0, 2)):
        asked[fact] = draw.sample(VOCABULARY[fact].values, draw.randint(1, 2))
    key, choices = draw.choice([("topic", sorted(shipped.topics)), ("incident_type", sorted(shipped.incident_types))])
    asked[key] = draw.sample(choices, draw.randint(1, 4))
    category = draw.choice([one.value for one in Category if one is not Category.UNKNOWN])
    return (
        f"  - {{id: R-{number:04}, title: Made, when: {json.dumps(asked)}, "
        f"then: {{category: {category}, priority: {draw.randint(0, 4)}, plan: police}}, because: Made, source: OWN}}"
    )
