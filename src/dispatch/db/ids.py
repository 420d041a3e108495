"""New identifiers. The only place that makes them: it needs the clock and randomness."""

from ulid_transform import ulid_now

from dispatch.domain.ids import Prefix


def new_id(prefix: Prefix) -> str:
    """A fresh `<prefix>_<ULID>`: sorts by the millisecond in which it was made."""
    return f"{prefix.value}_{ulid_now()}"


def new_event_id() -> str:
    """A fresh bare ULID for a row of the log."""
    return ulid_now()
