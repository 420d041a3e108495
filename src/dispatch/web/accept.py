"""Which of the media types that a route can answer with a client wants (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The offered type that the client likes best, the first where it likes several equally or none.

    A client that accepts nothing of what there is gets the first: an answer it can complain about.
    """
    asked = [_weighed(part) for part in accept.split(",") if part.strip()]
    return max(offered, key=lambda kind: _weight(kind, asked)) if asked else offered[0]


def _weight(kind: str, asked: Sequence[tuple[str, float]]) -> float:
    """What the most exact of the ranges that match says."""
    ranges = (kind, kind.partition("/")[0] + "/*", "*/*")
    return next((weight for one in ranges for asked_kind, weight in asked if asked_kind == one), 0.0)


def _weighed(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((value for name, _, value in (one.partition("=") for one in parameters) if name.strip() == "q"), "1")
    try:
        return kind, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return kind, 0.0
