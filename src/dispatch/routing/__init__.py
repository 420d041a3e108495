"""Which unit: the policy decides what kind of responder, distance never does. Pure; knows nothing of triage."""
