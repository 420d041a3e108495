"""What cities publish as calls diverted from police: each formula by its name, since those of one city and year differ
more than eight times.
"""

from dispatch.domain.formula import Facts, Formula, Known, Published, both, no


def _alone(one: Facts) -> Known:
    return both(one.came, no(one.others_associated))


_EUGENE = (
    "github.com/Nathan-M-Burton/Cahoots-Impact-Assessment: police_replication.ipynb, after the police's study of 2021"
)
_NLC_DENVER = "nlc.org: Reimagining Public Safety Impact Updates, Denver"
_NEW_YORK_AUDIT = "comptroller.nyc.gov: audit of B-HEARD"
_CRAIN = "crainsnewyork.com: B-HEARD's reach grows"


def _eugene(numerator: int, denominator: int, rate: float) -> tuple[Published, ...]:
    return (Published("Eugene, CAHOOTS", "2021", rate, _EUGENE, (numerator, denominator)),)


# One row per definition, not per city: cities that count alike stand in one row.
FORMULAS: tuple[Formula, ...] = (
    Formula(
        "eugene_associated",
        "Gross divert rate 1: associated",
        "public incidents to which a unit of the type was given, whatever came of that",
        "public incidents",
        lambda one: both(one.public, one.associated),
        lambda one: one.public,
        _eugene(22_055, 109_854, 0.2008),
        "Counts what was declined, cancelled, and where police went as well.",
    ),
    Formula(
        "eugene_dispatched",
        "Gross divert rate 2: dispatched",
        "public incidents to which a unit of the type was ordered, or accepted",
        "public incidents",
        lambda one: both(one.public, one.sent),
        lambda one: one.public,
        _eugene(18_106, 109_854, 0.1648),
        "Counts where nobody arrived, and where police went as well.",
    ),
    Formula(
        "eugene_only_arrived",
        "Gross divert rate 3: arrived, and nobody else was on the call",
        "public incidents where the type arrived and no police, fire or EMS was even assigned",
        "public incidents",
        lambda one: both(one.public, _alone(one)),
        lambda one: one.public,
        _eugene(14_212, 109_854, 0.1294),
        "Counts calls to which police would never have been sent.",
    ),
    Formula(
        "eugene_without_own_calls",
        "Adjusted divert rate 4: without the calls that are the program's own",
        "as eugene_only_arrived, without incidents of `own_types`",
        "public incidents",
        lambda one: both(one.public, _alone(one), no(one.own_type)),
        lambda one: one.public,
        _eugene(2_545, 109_854, 0.0232),
        "Own calls were the three most frequent: assist public, check welfare, transport. Police get some too.",
        ("own_types",),
    ),
    Formula(
        "eugene_of_arrivals",
        "Adjusted divert rate 5: of the calls where anybody arrived",
        "as eugene_without_own_calls",
        "public incidents where anybody arrived, without those of `own_types` where the type was alone",
        lambda one: both(one.public, _alone(one), no(one.own_type)),
        lambda one: both(one.public, one.anybody_came, no(both(_alone(one), one.own_type))),
        _eugene(2_545, 56_760, 0.0448),
        "The study says dispatched; its numbers are of arrivals.",
        ("own_types",),
    ),
    Formula(
        "eugene_welfare_low",
        "Adjusted divert rate 6, low: 74 of 100 calls to check on somebody",
        "0.74 of the public incidents of `diverted_types` to which the type was sent",
        "public incidents",
        lambda one: both(one.public, one.sent, one.diverted_type),
        lambda one: one.public,
        _eugene(5_546, 109_854, 0.0374),
        "0.74 is what the study assumes of CHECK WELFARE; nothing else counts as diverted.",
        ("diverted_types",),
        0.74,
    ),
    Formula(
        "eugene_welfare_high",
        "Adjusted divert rate 6, high: the same, of arrivals without the program's own calls",
        "as eugene_welfare_low",
        "public incidents where anybody arrived, without those of `own_types` to which the type was sent",
        lambda one: both(one.public, one.sent, one.diverted_type),
        lambda one: both(one.public, one.anybody_came, no(both(one.sent, one.own_type))),
        _eugene(5_546, 55_290, 0.0742),
        "No share of one whole: its numerator is taken from calls that its denominator leaves out.",
        ("own_types", "diverted_types"),
        0.74,
    ),
    Formula(
        "eligible_handled",
        "Share of eligible calls handled",
        "eligible incidents that the type handled",
        "incidents for which a program of the type was eligible",
        lambda one: both(one.eligible, one.handled),
        lambda one: one.eligible,
        (),
        "The headline figure of the Harvard Government Performance Lab's essential metrics; says nothing of police.",
    ),
    Formula(
        "eligible_answered",
        "Share of eligible calls answered",
        "eligible incidents where the type arrived",
        "incidents for which a program of the type was eligible",
        lambda one: both(one.eligible, one.came),
        lambda one: one.eligible,
        (
            Published("Denver, STAR", "2022", 0.44, _NLC_DENVER),
            Published("Denver, STAR", "2023", 0.46, _NLC_DENVER),
            Published("New York, B-HEARD (reached)", "July to December 2022", 0.53, _CRAIN),
            Published("San Francisco, SCRT (diverted)", "2021", 0.60, "sfbayca.com, 2021-12-01: nearly, by month"),
        ),
        "Police may have been there too.",
    ),
    Formula(
        "eligible_dispatched",
        "Share of eligible calls for which a team was dispatched",
        "eligible incidents to which the type was ordered, or accepted",
        "incidents for which a program of the type was eligible",
        lambda one: both(one.eligible, one.sent),
        lambda one: one.eligible,
        (Published("New York, B-HEARD", "July 2021 to June 2024", 0.65, _NEW_YORK_AUDIT, (24_071, 37_113)),),
        "Counts teams that never arrived. The audit calls the rest eligible and not served.",
    ),
    Formula(
        "mental_health_answered",
        "Share of mental health calls answered",
        "incidents of the category behavioral_health where the type arrived",
        "incidents of the category behavioral_health",
        lambda one: both(one.behavioral_health, one.came),
        lambda one: one.behavioral_health,
        (
            Published("New York, B-HEARD", "July to December 2022", 0.16, _CRAIN),
            Published("Chicago, CARE", "to September 2022", 0.11, "bloomberg.com, 2022-10-19", (385, 3_400)),
            Published("Madison, CARES", "September 2021 to August 2022", 0.57, "madison.com: in service hours"),
        ),
        "Whatever the hour, the place and the danger. Cities count by their own call types, and some in service hours.",
    ),
    Formula(
        "public_answered",
        "Share of all calls answered",
        "public incidents where the type arrived",
        "public incidents",
        lambda one: both(one.public, one.came),
        lambda one: one.public,
        (
            Published("Petaluma, SAFE", "July 2021 to June 2022", 0.06, "petaluma360.com: over", (4_000, 65_491)),
            Published(
                "Eugene, CAHOOTS", "2021", 0.15, "nlc.org: Impact Updates, Eugene (responded)", (16_479, 109_855)
            ),
        ),
        "Often quoted as diverted; the police's own study of the same year says 3 to 8 %.",
    ),
    Formula(
        "redirected_from_police",
        "Share of calls redirected to other services than police",
        "incidents to which the type was sent, and police were not",
        "incidents",
        lambda one: both(one.sent, no(one.police_sent)),
        lambda _: True,
        (Published("Minneapolis, all services beside police", "about 2024", 0.09, "kstp.com: roughly, goal 0.20"),),
        "Of one responder type here; the city adds up all of its services.",
    ),
    Formula(
        "no_officer_sent",
        "Of calls that it took, no officer was sent",
        "incidents to which the type was sent, and police were not",
        "incidents to which the type was sent",
        lambda one: both(one.sent, no(one.police_sent)),
        lambda one: one.sent,
        (
            Published("Austin, clinicians on the 911 floor", "2021", 0.82, "kxan.com"),
            Published("Los Angeles, 988", "2024", 0.97, "Mental Health Weekly: about 1,400 calls"),
        ),
        "Of calls that were chosen for the program; nobody knows what police would have been sent to.",
    ),
    Formula(
        "closed_without_others",
        "Of calls that it took, closed with no police, fire or EMS",
        "incidents that the type handled, with no police, fire or EMS sent",
        "incidents to which the type was sent",
        lambda one: both(one.sent, one.handled, no(one.others_sent)),
        lambda one: one.sent,
        (),
        "Baltimore's measure of success for calls passed on to 988; no figure was found.",
    ),
    Formula(
        "independent_of_officer",
        "Of calls where it arrived, no officer was there",
        "incidents where the type arrived, and police did not",
        "incidents where the type arrived",
        lambda one: both(one.came, no(one.police_came)),
        lambda one: one.came,
        (Published("St. Petersburg, CALL", "to August 2021", 0.93, "stpetecatalyst.com"),),
        "An officer may have been sent and turned round.",
    ),
    Formula(
        "resolved_without_police",
        "Of calls where it arrived, resolved without law enforcement",
        "incidents that the type handled, to which police were not even assigned",
        "incidents where the type arrived",
        lambda one: both(one.came, one.handled, no(one.police_associated)),
        lambda one: one.came,
        (Published("Los Angeles, UMCR", "2024 to 2025", 0.96, "marvistavoice.org: over 6,900 calls"),),
        "The strictest of those that look at police alone.",
    ),
    Formula(
        "no_co_response",
        "Of calls where it arrived, nobody else was there",
        "incidents where the type arrived, and no police, fire or EMS did",
        "incidents where the type arrived",
        lambda one: both(one.came, no(one.others_came)),
        lambda one: one.came,
        (Published("Portland, PSR", "February 2021 to February 2022", 0.89, "kptv.com, 2022-04-28"),),
        "Portland counts co-response of any agency.",
    ),
)
