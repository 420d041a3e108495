"""What `dispatch import` does, row by row."""
