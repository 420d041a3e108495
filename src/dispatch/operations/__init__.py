"""What changes the world: each operation loads, decides, records and tells, inside the caller's transaction."""
