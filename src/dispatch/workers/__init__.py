"""What the service does by itself, beside the requests."""
