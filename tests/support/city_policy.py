"""A small policy for tests of the service: every kind of responder has a call that asks for it."""

POLICY = """\
policy: test-city
version: 1
title: Test city
owner: Tests
time_zone: America/Los_Angeles
extends: null
fallback: {plan: police, priority: 2}
"""

INCIDENT_TYPES = """\
incident_type,label,category,priority,facts,topics
WELFARE,Welfare check,behavioral_health,3,,welfare
CRISIS,Person in crisis,behavioral_health,2,suicide=ideation,
NOISE,Noise,quality_of_life,4,,noise
THEFT,Theft,reporting,4,crime=past,theft
FIGHT,Fight,violence,1,violence=physical,
SHOOTING,Shooting,violence,0,weapon=used,
FIRE,Fire,fire,1,fire_or_smoke=yes,
SICK,Sick person,medical,2,medical=urgent,
TRANSIT,Trouble on transit,quality_of_life,3,place=transit,
OUTREACH,Person sleeping outside,quality_of_life,3,,homelessness
"""

CALL_TYPES = """\
source,code,text,incident_type,facts,topics
cad-east,WELCHK,WELFARE CHECK,WELFARE,,
cad-east,459R,BURGLARY REPORT,THEFT,,
*,,Noise complaint,NOISE,,
"""

LEXICON = """\
lexicon: main
language: en
entries:
  - {fact: weapon, value: in_hand, phrases: [knife~, armed]}
  - {fact: weapon, value: used, phrases: [shots fired]}
  - {fact: medical, value: life_threat, phrases: [not breathing], negatable: false}
  - {fact: suicide, value: ideation, phrases: [suicidal]}
  - {topic: noise, phrases: [loud music]}
  - {incident_type: WELFARE, phrases: [welfare check, not seen for]}
"""

CONTEXT = """\
context: en
markers:
  - {kind: negated, position: before, reach: 6, phrases: ["no", denies]}
"""

PLANS = """\
plans:
  - {id: police, title: Police, steps: [{slots: [{responder_type: police}]}]}
  - {id: ems, title: EMS, steps: [{slots: [{responder_type: ems, capabilities: [als]}]}]}
  - {id: fire, title: Fire, steps: [{slots: [{responder_type: fire}, {responder_type: ems, role: support}]}]}
  - id: shooting
    title: Police and EMS, interrupters told
    steps:
      - slots:
          - {responder_type: police, count: 2}
          - {responder_type: ems, role: staged}
          - {eligible: [cvi], role: support, each: true}
  - id: crisis
    title: Counsellor or co-response, else police
    steps:
      - {slots: [{eligible: [crisis_line, co_responder]}], wait_limit_s: 600}
      - {slots: [{responder_type: police}]}
  - id: community-first
    title: Community, else police
    steps:
      - {slots: [{eligible: [community_responder, homeless_outreach, transit_ambassador]}], wait_limit_s: 900}
      - {slots: [{responder_type: police}]}
  - id: phone-report
    title: By telephone
    desk: true
    steps:
      - {slots: [{eligible: [report_taker]}], wait_limit_s: 3600}
      - {slots: [{responder_type: police}]}
"""

FLOOR = """\
table: floor
title: Danger first
floor: true
rows:
  - {id: FL-01, title: Shooting, when: {weapon: used},
     then: {category: violence, priority: 0, plan: shooting}, because: People are being hurt.}
  - {id: FL-02, title: Not breathing, when: {medical: life_threat},
     then: {category: medical, priority: 0, plan: ems}, because: Minutes decide.}
  - {id: FL-03, title: Weapon, when: {weapon: {at_least: mentioned}},
     then: {category: violence, priority: 1, plan: police}, because: A weapon is there.}
  - {id: FL-04, title: Fight, when: {violence: {at_least: physical}},
     then: {category: violence, priority: 1, plan: police}, because: People fight.}
  - {id: FL-05, title: Fire, when: {fire_or_smoke: "yes"},
     then: {category: fire, priority: 1, plan: fire}, because: Something burns.}
"""

CARE = """\
table: care
title: People in need
rows:
  - {id: CA-01, title: Suicidal, when: {suicide: {at_least: ideation}},
     then: {category: behavioral_health, priority: 2, plan: crisis}, because: A counsellor answers best.}
  - {id: CA-02, title: Sick, when: {medical: {at_least: urgent}},
     then: {category: medical, priority: 2, plan: ems}, because: Somebody is ill.}
  - {id: CA-03, title: Cold theft, when: {topic: theft},
     then: {category: type, priority: type, plan: phone-report}, because: Nothing to see on scene.}
  - {id: CA-04, title: Needs of daily life, when: {topic: [welfare, noise, homelessness]},
     then: {category: type, priority: type, plan: community-first}, because: A knock helps.}
  - {id: CA-05, title: Transit, when: {place: transit},
     then: {category: quality_of_life, priority: 3, plan: community-first}, because: Ambassadors are there.}
"""

REST = """\
table: rest
title: Anything else
rows:
  - {id: RE-99, title: Anything else, when: {}, then: {category: unknown, priority: 2, plan: police},
     because: Nobody knows what it is.}
"""

PROGRAMS = {
    "street-team": ("community_responder", "{category: behavioral_health}, {topic: noise}"),
    "outreach": ("homeless_outreach", "{topic: homelessness}"),
    "ambassadors": ("transit_ambassador", "{place: transit}"),
    "co-response": ("co_responder", "{category: behavioral_health}"),
    "crisis-line": ("crisis_line", "{suicide: {at_least: ideation}}"),
    "report-desk": ("report_taker", "{category: reporting}"),
    "peacekeepers": ("cvi", "{weapon: used}"),
}

CASES = """\
cases:
  - case: A neighbour was not seen for days
    given: {source: cad-east, code: WELCHK, narrative: neighbour not seen for three days}
    expect: {row: CA-04, category: behavioral_health, responder: community_responder}
"""


def _program(program: str, responder_type: str, takes: str) -> str:
    return f"program: {program}\ntitle: {program}\nresponder_type: {responder_type}\ntakes: [{takes}]\n"


def city_policy(version: int = 1, *, care: str = CARE) -> dict[str, str]:
    """The files of the policy, by name."""
    return {
        "policy.yaml": POLICY.replace("version: 1", f"version: {version}"),
        "incident_types.csv": INCIDENT_TYPES,
        "call_types.csv": CALL_TYPES,
        "lexicon/main.yaml": LEXICON,
        "context/en.yaml": CONTEXT,
        "plans.yaml": PLANS,
        "tables/10-floor.yaml": FLOOR,
        "tables/50-care.yaml": care,
        "tables/90-rest.yaml": REST,
        "cases/main.yaml": CASES,
        **{f"programs/{name}.yaml": _program(name, kind, takes) for name, (kind, takes) in PROGRAMS.items()},
    }
