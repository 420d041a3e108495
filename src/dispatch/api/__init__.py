"""The REST face: one module per resource; schemas beside the routes; no decisions here."""
