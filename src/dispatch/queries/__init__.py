"""What reads the world: frozen rows, no change, no decision."""
