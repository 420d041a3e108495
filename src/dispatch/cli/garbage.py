"""How often a process looks for garbage while it loads: hardly, for what is loaded stays."""

import gc


def seldom_collect() -> None:
    """A fifth of a start was spent looking through modules and policies that stay until the end.

    A service sets its own measure once it has loaded (`dispatch.app`); a command that runs for long still looks.
    """
    gc.set_threshold(100_000, 50, 50)
