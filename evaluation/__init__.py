"""How good triage is, measured on labelled data. `make eval` writes build/eval.json and docs/triage-quality.md."""
