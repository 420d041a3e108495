"""What is kept for a busy unit: how much, of which urgency, and for whom the next one starts by itself."""

MOST_STACKED = 10

# Up to this priority an incident waits for nobody.
LIFE_AT_STAKE = 1

# Desks take one thing after the other: the next is offered as soon as there is room. A person sends everybody else.
STARTS_BY_ITSELF = frozenset({"report_taker"})
