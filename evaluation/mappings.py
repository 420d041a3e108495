"""Human labels mapped to our categories: written down to be argued with, and independent of the policy's lexicon.

Vera's topics say what a call is about, not who should go. The tables of topics are what a topic by itself says;
`PLAIN_WORDS` are what a label itself plainly says against its topic ("ACCIDENT WITH INJURIES" is filed under traffic
and is medical).
"""

import re

POLICE, REPORTING, QUALITY, HEALTH = "police", "reporting", "quality_of_life", "behavioral_health"
VIOLENCE, MEDICAL, FIRE, UNKNOWN = "violence", "medical", "fire", "unknown"

VERA: dict[str, frozenset[str]] = {
    "complaints/environmental conditions": frozenset({QUALITY}),
    "property crime": frozenset({REPORTING}),
    "violent crime": frozenset({VIOLENCE}),
    "domestic violence": frozenset({VIOLENCE}),
    "sex offenses": frozenset({VIOLENCE}),
    "officer needs help": frozenset({VIOLENCE, POLICE}),
    "alarms": frozenset({POLICE}),
    "suspicion": frozenset({POLICE}),
    "warrants": frozenset({POLICE}),
    "warrant": frozenset({POLICE}),
    "drugs": frozenset({POLICE}),
    "missing persons": frozenset({POLICE}),
    "statuses": frozenset({POLICE}),
    "other crimes": frozenset({POLICE}),
    "status offenses": frozenset({POLICE, QUALITY}),
    "liquor violations": frozenset({POLICE, QUALITY}),
    "traffic": frozenset({POLICE, REPORTING}),
    "accidents/traffic safety": frozenset({POLICE, REPORTING}),
    "behavioral health": frozenset({HEALTH}),
    "medical emergencies": frozenset({MEDICAL}),
    "medical": frozenset({MEDICAL}),
    "fire": frozenset({FIRE}),
    "call related issues": frozenset({UNKNOWN}),
    "assisting the public": frozenset({QUALITY, POLICE, HEALTH}),
    "assist the public": frozenset({QUALITY, POLICE, HEALTH}),
}
VERA_DANGER = frozenset(
    {
        "violent crime",
        "domestic violence",
        "sex offenses",
        "officer needs help",
        "medical emergencies",
        "medical",
        "fire",
    }
)

# Filed under sex offences and no contact with anybody; Denver and Atlanta send community responders to them.
NO_CONTACT = re.compile(r"indecen|obscen|expos|lewd|pornograph|urinat|masturbat|public place|prostitut", re.IGNORECASE)

BURLINGTON: dict[str, frozenset[str]] = {
    "Assist": frozenset({POLICE, QUALITY}),
    "Motor Vehicle": frozenset({REPORTING, POLICE}),
    "Property": frozenset({REPORTING}),
    "Quality of Life": frozenset({QUALITY, HEALTH}),
    "Domestic": frozenset({VIOLENCE}),
    "Animal": frozenset({QUALITY}),
    "Court Order": frozenset({POLICE}),
    "Drugs": frozenset({POLICE, MEDICAL}),
    "Financial Crime": frozenset({REPORTING}),
    "Assault": frozenset({VIOLENCE}),
    "Administrative": frozenset({POLICE}),
    "Impeding Police": frozenset({POLICE}),
    "Airport": frozenset({POLICE}),
}
BURLINGTON_TYPES: dict[str, frozenset[str]] = {
    "Suspicious Event": frozenset({POLICE}),
    "Welfare Check": frozenset({HEALTH}),
    "Mental Health Issue": frozenset({HEALTH}),
    "Foot Patrol": frozenset({POLICE}),
    "Assist - Public": frozenset({QUALITY, POLICE, HEALTH}),
    "Alarm": frozenset({POLICE}),
    "Found/Lost Property": frozenset({REPORTING}),
    "Community Outreach": frozenset({QUALITY, POLICE}),
    "Juvenile Problem": frozenset({QUALITY}),
    "Untimely Death": frozenset({MEDICAL}),
    "Missing Person": frozenset({POLICE}),
    "Runaway": frozenset({POLICE}),
    "Suicide - Attempted": frozenset({HEALTH}),
    "Recovered Property": frozenset({REPORTING}),
    "Trespass": frozenset({QUALITY}),
    "Threats/Harassment": frozenset({REPORTING, VIOLENCE}),
    "911 Hangup": frozenset({UNKNOWN}),
    "Assist - Motorist": frozenset({POLICE, QUALITY}),
    "Animals": frozenset({QUALITY}),
}
BURLINGTON_DANGER = frozenset(
    {"Overdose", "Suicide - Attempted", "Crash - Injury to person(s)", "Robbery", "Arson", "Domestic Disturbance"}
) | {"Domestic Assault - Felony", "Domestic Assault - Misd", "Assault - Simple", "Assault - Aggravated", "Homicide"}

# Each: words of which one must stand in the label, and what the label then may also be.
PLAIN_WORDS: tuple[tuple[str, str], ...] = (
    (r"injur\w*|inj|fatal\w*|death|dead|doa|overdose|od|medical|ems|sick|unconscious|deceased", MEDICAL),
    (r"fires?|smoke|arson|gas|explo\w*|hazmat|wires?|bomb\w*", FIRE),
    (r"assault\w*|fight\w*|weapons?|guns?|knife|shots?|shoot\w*|stab\w*|robb\w*|threat\w*|armed|battery", VIOLENCE),
    (r"wpns?|wp|physical|abuse|hostage|stalking|road rage", VIOLENCE),
    (r"dv|dom|domestic|rape|sexual|kidnap\w*|abduct\w*|homicide|hostage|bomb threats?|carjack\w*", VIOLENCE),
    (r"suicid\w*|mental\w*|crisis|psych\w*|welfare|wellness|intox\w*|drunk\w*|person down", HEALTH),
    (r"parking|parked|animals?|dogs?|noise|loud|litter\w*|dumping|fireworks?|trespass\w*|loiter\w*", QUALITY),
    (r"panhandl\w*|homeless\w*|disturb\w*|disorder\w*|nuisance|civil|juveniles?|unwanted", QUALITY),
    (r"found|lost|theft|stolen|fraud|forgery|vandal\w*|damage|burg\w*|larceny|hit and run", REPORTING),
    (r"accidents?|collisions?|crash|harr?ass\w*|identity|mva|mvc", REPORTING),
    (r"in progress|prowl\w*|suspicious|alarms?|traffic|warrants?|pursuit|escape\w*|wanted|dui|dwi", POLICE),
    (r"drugs?|narcotics?|missing|runaway", POLICE),
    (r"unknown|911 hang\w*|hang ?up|incomplete|silent|misdial|open line", UNKNOWN),
)
_COMPILED = tuple((re.compile(rf"\b(?:{words})\b", re.IGNORECASE), category) for words, category in PLAIN_WORDS)


def plainly_also(label: str) -> frozenset[str]:
    """The categories that the label's own words allow."""
    words = label.replace("_", " ")
    return frozenset(category for pattern, category in _COMPILED if pattern.search(words))


# Written from the labels alone, before any of them was given to the reader.
UNSEEN: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {
    "seattle-fire": (
        (r"assault", frozenset({MEDICAL, VIOLENCE})),
        (r"mvi|motor vehicle", frozenset({MEDICAL, REPORTING, FIRE})),
        (r"aid|medic|triaged|nurse|overdose|cpr", frozenset({MEDICAL})),
        (r"", frozenset({FIRE})),
    ),
    "montgomery-pa": (
        (r"^traffic: vehicle accident", frozenset({REPORTING, POLICE, MEDICAL})),
        (r"^traffic: vehicle fire|^traffic: vehicle leaking", frozenset({FIRE})),
        (r"^traffic", frozenset({POLICE, QUALITY, FIRE})),
        (r"shooting|stabbing|assault", frozenset({MEDICAL, VIOLENCE})),
        (r"^ems: .*(fire|carbon|rescue|hazardous)", frozenset({MEDICAL, FIRE})),
        (r"^ems", frozenset({MEDICAL})),
        (r"^fire: .*(vehicle accident|medical|burn)", frozenset({FIRE, MEDICAL})),
        (r"^fire: .*(debris|police)", frozenset({FIRE, POLICE, QUALITY})),
        (r"", frozenset({FIRE})),
    ),
    "houston": (
        (r"crash/major/fatality|crash/major|pedestrian", frozenset({MEDICAL, REPORTING})),
        (r"crash|motor vehicle|motorcycle inc|^motorcycle$", frozenset({REPORTING, MEDICAL, POLICE})),
        (r"traffic hazard|traffic control", frozenset({POLICE, QUALITY, FIRE})),
        (r"unknown event", frozenset({UNKNOWN, MEDICAL})),
        (r"ems event|patient|als |bls", frozenset({MEDICAL})),
        (r"non emergency|special events|stand-by ems", frozenset({POLICE, MEDICAL, UNKNOWN, QUALITY})),
        (r"asst|assist", frozenset({POLICE, FIRE, QUALITY})),
        (r"", frozenset({FIRE})),
    ),
    "south-metro": (
        (r"vehicle accident with no inj", frozenset({REPORTING, POLICE})),
        (r"vehicle accident|motor vehicle vs", frozenset({MEDICAL, REPORTING, FIRE})),
        (r"medical|ems|invalid|lift", frozenset({MEDICAL})),
        (r"police matter|swat|assist police", frozenset({POLICE})),
        (r"public service|service call|animal|lock|person in distress", frozenset({FIRE, QUALITY, POLICE, HEALTH})),
        (r"cancel|good intent|no incident|wrong location|special type|cover", frozenset({FIRE, UNKNOWN, POLICE})),
        (r"bomb", frozenset({FIRE, VIOLENCE, POLICE})),
        (r"", frozenset({FIRE})),
    ),
}


def unseen_categories(city: str, label: str) -> frozenset[str]:
    """What we hold the label to be."""
    return next(wanted for words, wanted in UNSEEN[city] if re.search(words, label.casefold()))
