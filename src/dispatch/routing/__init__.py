"""Which unit goes: needs, candidates and context in; picks, shortfalls and reasons out. Knows nothing of triage."""
