"""The context reader alone on clinical sentences: the concept of each is its whole lexicon, the markers are ours."""

import csv
from collections import Counter

from dispatch.triage.context import NEGATED, NONE_SEEN, PAST, ContextRules
from dispatch.triage.lexicon import Meaning, Mention, build_lexicon
from dispatch.triage.policy import Policy
from dispatch.triage.tokens import words_of
from evaluation.data import rows
from evaluation.deciding import Judge
from evaluation.measure import Measure, Table

_DENIED = frozenset({NEGATED, NONE_SEEN})


def negation(judge: Judge) -> list[Measure]:
    """Sensitivity and specificity of "denied", and how well the past is seen."""
    counts: Counter[tuple[str, str]] = Counter()
    past: Counter[tuple[bool, bool]] = Counter()
    missing = total = 0
    for row in rows("text/negation_negex_1000.tsv", delimiter="\t", quoting=csv.QUOTE_NONE):
        _, concept, sentence, status, temporality, *_ = row.values()
        total += 1
        context = context_of_concept(judge.policy, concept, sentence)
        if context is None:
            missing += 1
            continue
        counts[status, context] += 1
        past[temporality == "Historical", context == PAST] += 1
    negated = sum(count for (status, _), count in counts.items() if status == "Negated")
    caught = sum(count for (status, context), count in counts.items() if status == "Negated" and context in _DENIED)
    affirmed = sum(count for (status, _), count in counts.items() if status != "Negated")
    wrongly = sum(count for (status, context), count in counts.items() if status != "Negated" and context in _DENIED)
    contexts = sorted({context for _, context in counts})
    kinds = tuple((s, *(str(counts[s, c]) for c in contexts)) for s in sorted({status for status, _ in counts}))
    meaning = (
        "Notes of clinicians, not of call takers; the markers of the national default are used as they are. A sentence "
        "whose concept stands in it in other words is counted as missing."
    )
    share = missing / total
    table = Table("Sentences by label (rows) and our context (columns)", ("label", *contexts), kinds)
    return [
        Measure(
            "negation_sensitivity",
            "Denied concepts that are read as denied",
            "denied sentences",
            meaning,
            caught,
            negated,
            share,
            at_least=0.9,
            tables=(table,),
        ),
        Measure(
            "negation_specificity",
            "Other concepts that are not read as denied",
            "other sentences",
            meaning,
            affirmed - wrongly,
            affirmed,
            share,
            at_least=0.97,
        ),
        Measure(
            "past_sensitivity",
            "Historical concepts that are read as past",
            "historical sentences",
            meaning + " Much of what clinicians call historical is a lasting illness, without a word that says so.",
            past[True, True],
            past[True, True] + past[True, False],
            share,
        ),
        Measure(
            "past_specificity",
            "Other concepts that are not read as past",
            "other sentences",
            meaning,
            past[False, False],
            past[False, False] + past[False, True],
            share,
        ),
    ]


def context_of_concept(policy: Policy, concept: str, sentence: str) -> str | None:
    """The context that our markers give to the concept in the sentence; None when it is not found there."""
    words = words_of(concept)
    if not words:
        return None
    book = policy.phrases
    phrases: list[tuple[tuple[str, ...], str, Meaning | None]] = [(words, concept, Meaning(topics=("concept",)))]
    marks = [(marker, " ".join(marker), mark) for marker, mark in book.marks.items()]
    pseudo = [(marker, written, None) for marker, written in book.pseudo.items()]
    lexicon = build_lexicon([*phrases, *pseudo, *marks], ContextRules())
    tokens, found = lexicon.read(sentence)
    mentions = list(found)
    return _of_interest(mentions, tokens.span, sentence) if mentions else None


def _of_interest(mentions: list[Mention], span: object, sentence: str) -> str:
    """The set writes the concept that it asks about in capitals."""
    for mention in mentions:
        start, end = span(mention.start, mention.end)  # type: ignore[operator]
        if sentence[start:end].isupper():
            return mention.context
    return mentions[0].context
