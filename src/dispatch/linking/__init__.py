"""Whether two calls are about the same thing: pure scoring, with its parts and reasons."""
