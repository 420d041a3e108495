"""From what was said to who should go: pure functions over a policy. No I/O, no clock."""
