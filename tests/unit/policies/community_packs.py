"""Which community pack answers for which published rows, where cities contradict each other, and danger to be met."""

from collections.abc import Mapping

# Pack -> the published rows it answers for: city, first and last row of that city in the file.
PACKS: Mapping[str, tuple[tuple[str, int, int], ...]] = {
    "minneapolis-bcr": (("Minneapolis MN", 1, 7), ("Minneapolis MN", 17, 17)),
    "denver-star": (("Denver CO", 1, 22),),
    "antioch-aqcrt": (("Antioch CA", 1, 7),),
    "atlanta-pad": (("Atlanta GA", 1, 11),),
    "eugene-cahoots": (("Eugene OR", 1, 15),),
    "albuquerque-acs": (("Albuquerque NM", 1, 16),),
    "durham-heart": (("Durham NC", 1, 15),),
    "portland-psr": (("Portland OR", 1, 20),),
    "nyc-b-heard": (("New York NY", 1, 8),),
    "san-francisco-scrt": (("San Francisco CA", 1, 12),),
    "dayton-mru": (),
    "seattle-care": (("Seattle WA", 1, 38),),
    "chicago-care": (("Chicago IL", 1, 9),),
    "madison-cares": (("Madison WI", 1, 2),),
    "phoenix-cap": (("Phoenix AZ", 1, 11),),
    "st-petersburg-call": (),
    "oakland-macro": (),
    "rohnert-park-safe": (("Rohnert Park CA", 1, 8),),
    "petaluma-safe": (("Petaluma CA", 1, 2),),
    "san-rafael-safe": (("San Rafael CA", 1, 4),),
}
# Words of who is sent -> what must be true of the decision; the first that fits counts. Without any: the city's own
# team is eligible.
POLICE_OR_KIN, CO_RESPONSE, NO_TEAM = "police_or_kin", "co_response", "no_team"
MEANINGS = (
    ("not acs", NO_TEAM),
    ("not portland street response", NO_TEAM),
    ("not b-heard", NO_TEAM),
    ("not care", NO_TEAM),
    ("ineligible", NO_TEAM),
    ("future consideration", NO_TEAM),
    ("police primary", POLICE_OR_KIN),
    ("co-respon", CO_RESPONSE),
    ("police be present", POLICE_OR_KIN),
    ("police are the primary", POLICE_OR_KIN),
    ("police, fire, or ems", POLICE_OR_KIN),
    ("traditional response", POLICE_OR_KIN),
    ("transfer immediately to 911", POLICE_OR_KIN),
    ("until deemed safe", POLICE_OR_KIN),
    ("accompanied by police", POLICE_OR_KIN),
    ("sfpd", POLICE_OR_KIN),
)
# Where a city has several programs: words of who is sent -> the very program; the first that fits counts.
PROGRAMS_MEANT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "seattle-care": (("tru", "seattle-tru"), ("care", "care-responders")),
    "chicago-care": (("opioid response", "care-opioid"),),
    "phoenix-cap": (("behavioral health unit", "cap-behavioral-health"), ("crisis response", "cap-crisis-response")),
    "san-francisco-scrt": (("street crisis", "scrt"), ("311", "sf-311")),
    "durham-heart": (("community response", "heart-crt"),),
}
# Danger beside words that community teams listen for: (type text, narrative).
DANGERS = (
    ("INDECENT EXPOSURE", "he is dragging a woman into a car"),
    ("JUVENILE COMPLAINT", "boys beating a man on the ground"),
    ("HOMELESS CONCERN", "group of kids beating a homeless man"),
    ("WELFARE CHECK", "brother answered the door holding a knife"),
    ("WELFARE CHECK", "not breathing, cold to the touch"),
    ("MENTAL HEALTH CRISIS", "son off his meds swinging a bat at his father"),
    ("MENTAL HEALTH CRISIS", "has a loaded gun in his lap"),
    ("SUICIDE THREAT", "she took a whole bottle of pills"),
    ("SUICIDE THREAT", "standing on the wrong side of the railing of the bridge"),
    ("BEHAVIORAL HEALTH", "he is threatening to kill his mother"),
    ("TRESPASS", "refuses to leave and pulled a machete"),
    ("INTOXICATED PERSON", "unconscious and turning blue"),
    ("NOISE COMPLAINT", "loud music, now people fighting with knives"),
    ("NEIGHBOR DISPUTE", "neighbor shot at the fence"),
    ("FAMILY DISPUTE", "dad is choking mom"),
    ("HOMELESS CONCERN", "tent is on fire under the bridge"),
    ("PANHANDLING", "man robbed a woman at knifepoint"),
    ("INDECENT EXPOSURE", "he has a knife to her throat"),
    ("PERSON DOWN", "bleeding badly from the head"),
    ("PUBLIC ASSIST", "chest pain and sweating"),
    ("SYRINGES", "man overdosed beside them"),
    ("TRU - THEFT", "thief came back with a gun"),
    ("JUVENILE COMPLAINT", "boys stabbed a man on the ground"),
)
# One call, many cities: (what the call is, the call, {pack: who must be in the first step}). A leading "!" must not be.
CALM = {"narrative": "woman hearing voices, calm", "place": "public_outdoor", "suicide": "none", "violence": "none"}
CONTRADICTIONS = (
    (
        "thoughts of suicide without a plan",
        {"type_text": "SUICIDAL IDEATION", "place": "public_outdoor"},
        {
            **dict.fromkeys(("denver-star", "albuquerque-acs", "minneapolis-bcr"), "community_responder"),
            "durham-heart": "crisis_line",
            **dict.fromkeys(("portland-psr", "phoenix-cap", "oakland-macro"), "police"),
        },
    ),
    (
        "a weapon mentioned in a crisis",
        {**CALM, "weapon": "mentioned"},
        {
            **dict.fromkeys(("denver-star", "durham-heart"), "co_responder"),
            **dict.fromkeys(("minneapolis-bcr", "portland-psr", "chicago-care"), "!co_responder"),
            **dict.fromkeys(("rohnert-park-safe", "petaluma-safe"), "community_responder"),
        },
    ),
    (
        "a crisis inside a home",
        {**CALM, "place": "private_residence"},
        {"portland-psr": "police", "minneapolis-bcr": "community_responder", "denver-star": "community_responder"},
    ),
    (
        "neighbors at odds inside a home",
        {"type_text": "NEIGHBOR DISPUTE", "place": "private_residence"},
        {"dayton-mru": "community_responder", "minneapolis-bcr": "police"},
    ),
    (
        "neighbors at odds, and the caller wants an officer",
        {"type_text": "NEIGHBOR DISPUTE", "caller_wants": "police"},
        {"dayton-mru": "police", "eugene-cahoots": "police"},
    ),
    (
        "a crisis where nobody asked about weapons",
        {"type_text": "EDP", "narrative": "pilot precinct"},
        {"nyc-b-heard": "police", "minneapolis-bcr": "community_responder"},
    ),
    (
        "a person in crisis in the roadway",
        {**CALM, "in_traffic": "yes"},
        {"portland-psr": "police", "antioch-aqcrt": "community_responder", "denver-star": "co_responder"},
    ),
)
