"""What the service does by itself, beside its requests."""
