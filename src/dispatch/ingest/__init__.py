"""Reading what other systems wrote: call files through mappings, so that they enter by the same door as live calls."""
