"""What became of every row of a file: nothing is dropped without being counted here."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from dispatch.ingest.history_call import HistoryCall, Reject, Skipped


@dataclass(slots=True)
class Tally:
    """Counts while a file is read. rows_read = rows in calls + skipped + rejected, once the reading has ended."""

    rows_read: int = 0
    calls: int = 0
    rows_merged: int = 0
    units: set[str] = field(default_factory=set)
    skipped: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    missing_columns: tuple[str, ...] = ()

    def add(self, item: HistoryCall | Reject | Skipped) -> None:
        """Counts one item that came out of the file."""
        if isinstance(item, Skipped):
            self.skipped[item.rule] += 1
        elif isinstance(item, Reject):
            self.rejected[item.reason] += 1
        else:
            self.calls += 1
            self.rows_merged += len(item.rows) - 1
            self.units.update(unit.unit for unit in item.unit_times)
            self.warnings.update(code.partition(":")[0] for code in item.warnings)
            if item.rule is not None:
                self.flagged[item.rule] += 1

    def accounted(self) -> bool:
        """True when every row read is in a call, skipped by a rule, or rejected with a reason."""
        return self.rows_read == self.calls + self.rows_merged + self.skipped.total() + self.rejected.total()

    def as_data(self) -> dict[str, Any]:
        """Plain counts, most frequent first."""
        return {
            "rows_read": self.rows_read,
            "calls": self.calls,
            "rows_merged": self.rows_merged,
            "units": len(self.units),
            "skipped_by_rule": dict(self.skipped.most_common()),
            "flagged_by_rule": dict(self.flagged.most_common()),
            "rejected": dict(self.rejected.most_common()),
            "warnings": dict(self.warnings.most_common()),
            "missing_columns": list(self.missing_columns),
        }
