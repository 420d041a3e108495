"""A small policy of our own, whole enough to show every part of the engine; tests change it file by file."""

from datetime import UTC, datetime
from typing import Any

from dispatch.domain.call import CallFacts
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.policy import Policy, load_policy

POLICY = """\
policy: small
version: 1
title: Small town
owner: Tests
time_zone: America/Chicago
extends: null
fallback: {plan: police, priority: 2}
"""

INCIDENT_TYPES = """\
incident_type,label,category,priority,facts,topics
WELFARE,Welfare check,behavioral_health,3,,welfare
FIGHT,Fight,violence,1,violence=physical,fight
NOISE,Noise,quality_of_life,4,,noise
THEFT,Theft,reporting,3,crime=past,theft
FIRE,Fire,fire,1,fire_or_smoke=yes,
SICK,Sick person,medical,2,medical=minor,
"""

CALL_TYPES = """\
source,code,text,incident_type,facts,topics
north,WELCHK,WELFARE CHECK,WELFARE,,
north,"415",,NOISE,,party
*,"415",,FIGHT,,
*,,Cold theft,THEFT,crime=past,
"""

LEXICON = """\
lexicon: main
language: en
entries:
  - {fact: weapon, value: mentioned, phrases: [gun~, knife~, weapon~, wpns]}
  - {fact: weapon, value: in_hand, phrases: [holding a knife, armed with a gun]}
  - {fact: weapon, value: used, phrases: [shots fired, stabbing~]}
  - {fact: violence, value: physical, phrases: [fight~, assault~, punch~]}
  - {fact: violence, value: ongoing, phrases: [fighting now], denial: none}
  - {fact: suicide, value: ideation, phrases: [suicidal, wants to die]}
  - {fact: medical, value: life_threat, phrases: [not breathing, no pulse, can not breathe], negatable: false}
  - {fact: medical, value: minor, phrases: [feels sick]}
  - {fact: fire_or_smoke, value: "yes", phrases: [smoke, flames, fire]}
  - {fact: injury, value: "yes", phrases: [injured, injury~, bleeding]}
  - {fact: place, value: private_residence, phrases: [in her apartment, at home]}
  - {fact: place, value: public_outdoor, phrases: [sidewalk, in the park]}
  - {topic: noise, phrases: [loud music, bass thumping]}
  - {topic: party, phrases: [party~]}
  - {incident_type: WELFARE, phrases: [welfare check, check the welfare]}
  - {incident_type: FIGHT, phrases: [disturbance fight]}
  - {nothing: homonym, phrases: [nail gun, knife sharpener, fire department]}
"""

CONTEXT = """\
context: en
markers:
  - {kind: negated, position: before, reach: 6, phrases: ["no", denies, without, neg]}
  - {kind: none_seen, position: before, reach: 6, phrases: [did not see any, no sign of]}
  - {kind: seen, position: after, reach: 3, phrases: [seen, visible]}
  - {kind: negated, position: after, reach: 3, phrases: [none]}
  - {kind: past, position: after, reach: 5, phrases: [last year, years ago]}
  - {kind: past, position: before, reach: 5, phrases: [history of]}
  - {kind: hypothetical, position: before, reach: 5, phrases: [afraid he might, might have]}
  - {kind: uncertain, position: before, reach: 5, phrases: [possibly, unknown if]}
  - {kind: other_person, position: before, reach: 4, phrases: [her brother]}
terminators: [but, has]
pseudo: [no change]
"""

PLANS = """\
plans:
  - id: police
    title: Police
    steps: [{slots: [{responder_type: police}]}]
  - id: police-ems
    title: Police and EMS, interrupters told
    steps:
      - slots:
          - {responder_type: police, count: 2}
          - {responder_type: ems, role: staged, capabilities: [als]}
          - {eligible: [cvi], role: support, each: true}
  - id: ems
    title: EMS
    steps: [{slots: [{responder_type: ems}]}]
  - id: fire
    title: Fire
    steps: [{slots: [{responder_type: fire}, {responder_type: ems, role: support}]}]
  - id: community-first
    title: Community, else police
    steps:
      - {slots: [{eligible: [community_responder, homeless_outreach]}], wait_limit_s: 900}
      - {slots: [{responder_type: police}]}
  - id: phone-report
    title: By telephone
    desk: true
    steps:
      - {slots: [{eligible: [report_taker]}], wait_limit_s: 3600}
      - {slots: [{responder_type: police}]}
"""

LIFE_THREAT = """\
table: life-threat
title: Someone may die
owner: Medical director
floor: true
rows:
  - {id: LT-01, title: Not breathing, when: {medical: life_threat}, then: {category: medical, priority: 0, plan: ems},
     because: Minutes decide.}
"""

VIOLENCE = """\
table: violence
floor: true
rows:
  - {id: VI-01, title: Weapon used, when: {weapon: used}, then: {category: violence, priority: 0, plan: police-ems},
     because: People are being hurt.}
  - {id: VI-02, title: Weapon, when: {weapon: {at_least: mentioned}},
     then: {category: violence, priority: 1, plan: police}, because: A weapon is there.}
  - {id: VI-03, title: Fight, when: {violence: {at_least: physical}},
     then: {category: violence, priority: 1, plan: police}, because: People fight.}
"""

FIRE = """\
table: fire
floor: true
rows:
  - {id: FI-01, title: Fire, when: {fire_or_smoke: "yes"}, then: {category: fire, priority: 1, plan: fire},
     because: Something burns.}
"""

MEDICAL = """\
table: medical
rows:
  - {id: ME-01, title: Hurt, when: {injury: "yes"}, then: {category: medical, priority: 2, plan: ems},
     also: {slots: [{responder_type: ems}]}, because: Someone is hurt.}
"""

CARE = """\
table: care
rows:
  - {id: CA-00, title: Trial, when: {topic: welfare}, then: {category: police, priority: 0, plan: police},
     because: Trial., status: shadow}
  - {id: CA-01, title: Wants to die, when: {suicide: {at_least: ideation}},
     then: {category: behavioral_health, priority: 2, plan: community-first}, because: A person answers best.}
  - {id: CA-02, title: Welfare, when: {topic: welfare},
     then: {category: type, priority: type, plan: community-first}, because: A knock helps.}
  - {id: CA-03, title: Noise at a party, when: {all: [{topic: noise}, {topic: party}]},
     then: {category: quality_of_life, priority: 3, plan: community-first}, because: Many people.}
  - {id: CA-04, title: Noise, when: {topic: noise},
     then: {category: quality_of_life, priority: 4, plan: community-first}, because: Talk first.}
  - {id: CA-05, title: Cold theft, when: {topic: theft, crime: past, not: {suspect_present: "yes"}},
     then: {category: reporting, priority: 4, plan: phone-report}, because: Nothing to see on scene.}
"""

REST = """\
table: rest
rows:
  - {id: RE-99, title: Anything else, when: {}, then: {category: unknown, priority: 2, plan: police},
     because: Nobody knows what it is.}
"""

CRISIS = """\
program: crisis-team
title: Crisis team
operator: City
agency: city
responder_type: community_responder
takes: [{category: behavioral_health}, {topic: noise}]
disqualifies:
  - {id: weapon, when: {weapon: {at_least: mentioned}}}
  - {id: drunk, when: {intoxication: severe}, level: co_respond}
  - {id: fight, when: {violence: verbal_threat}, level: stage}
  - {id: traffic, when: {in_traffic: "yes"}, if_unknown: cannot_tell}
caller_wants: [anyone, no_police, report_only]
hours: {mon-fri: ["06:00-22:00"], sat: ["18:00-02:00"]}
closed_on: [2026-01-06]
"""

OUTREACH = """\
program: outreach
title: Outreach
responder_type: homeless_outreach
takes: [{topic: [welfare, noise]}]
place: [public_outdoor]
area: {name: Downtown, polygons: [[[-93.3, 44.9], [-93.2, 44.9], [-93.2, 45.0], [-93.3, 45.0]]]}
"""

DESK = """\
program: desk
title: Telephone reports
responder_type: report_taker
takes: [{category: reporting}]
channels: ["911", non_emergency]
"""

PEACE = """\
program: peace
title: Interrupters
responder_type: cvi
takes: [{weapon: used}]
"""

CASES = """\
cases:
  - case: A neighbour has not been seen and nothing else is known
    given: {call_type: WELFARE CHECK, in_traffic: "no"}
    expect: {row: CA-02, category: behavioral_health, priority: 3, responder: community_responder,
             program: crisis-team, never: [police]}
    not_because: [CA-01]
"""

TEXTS = {
    "policy.yaml": POLICY,
    "incident_types.csv": INCIDENT_TYPES,
    "call_types.csv": CALL_TYPES,
    "lexicon/main.yaml": LEXICON,
    "context/en.yaml": CONTEXT,
    "plans.yaml": PLANS,
    "tables/10-life-threat.yaml": LIFE_THREAT,
    "tables/20-violence.yaml": VIOLENCE,
    "tables/30-fire.yaml": FIRE,
    "tables/40-medical.yaml": MEDICAL,
    "tables/50-care.yaml": CARE,
    "tables/90-rest.yaml": REST,
    "programs/crisis.yaml": CRISIS,
    "programs/outreach.yaml": OUTREACH,
    "programs/desk.yaml": DESK,
    "programs/peace.yaml": PEACE,
    "cases/main.yaml": CASES,
}


def a_policy(**changed: str) -> Policy:
    """The small policy with some files replaced; a key such as tables/90-rest.yaml is passed with **{...}."""
    return load_policy({**TEXTS, **changed})


SMALL = a_policy()
WEDNESDAY_NOON = datetime(2026, 1, 7, 18, tzinfo=UTC)  # 12:00 in Chicago


def a_call(narrative: str | None = None, **given: Any) -> CallFacts:
    """A call to the small policy; nobody is in traffic, so that the crisis team can be judged."""
    answers = {"in_traffic": "no", **given.pop("answers", {})}
    return CallFacts(source=given.pop("source", "north"), narrative=narrative, answers=answers, **given)


def decided(
    narrative: str | None = None, *, policy: Policy = SMALL, at: datetime = WEDNESDAY_NOON, **given: Any
) -> TriageDecision:
    return evaluate(a_call(narrative, **given), policy, at)


def rules(decision: TriageDecision) -> list[str]:
    return [reason.rule for reason in decision.reasons]


def first_step(decision: TriageDecision) -> list[str]:
    return [slot.program or slot.responder_type for slot in decision.plan.steps[0].slots]


def verdict(decision: TriageDecision, program: str) -> tuple[str, tuple[str, ...]]:
    found = next(v for v in decision.programs if v.program == program)
    return found.verdict.value, found.reasons
