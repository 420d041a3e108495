"""What the faces that speak HTTP share: one way to authenticate, begin, commit, refuse and page."""
