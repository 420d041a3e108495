"""Storage: the schema, the only commit, the append-only log, and what a broken constraint means."""
