"""What the service does by itself, beside its requests: no face of its own, the same operations and queries."""
