"""What runs beside the requests: no face of its own, the same operations and queries."""
