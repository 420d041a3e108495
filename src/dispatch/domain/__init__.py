"""The field's words as frozen values: no I/O, no clock, no framework."""
