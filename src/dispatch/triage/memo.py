"""What a policy has worked out already: bounded memories that change no answer, only what it costs."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
# Senders repeat a few hundred types, and calls repeat the same facts; each entry is a few hundred bytes.
MOST_KEPT = 10_000


class Memo(dict[Key, Value], Generic[Key, Value]):
    """Answers by everything that they depend on. When it is full it forgets them all and begins again."""

    __slots__ = ()

    def keep(self, key: Key, value: Value) -> Value:
        """The value, remembered."""
        if len(self) >= MOST_KEPT:
            self.clear()
        self[key] = value
        return value


@dataclass(frozen=True, slots=True)
class Memos:
    """types: readings of senders' types. held: answers of the tables by what they look at; answers: by the rows that
    hold. standing: programs in force at a moment; panels: verdicts of all programs by what they look at; verdicts: of
    each by what it looks at; asked: questions by all of these. last_reading: of the last call.
    """

    types: Memo[Any, Any] = field(default_factory=Memo)
    held: Memo[Any, Any] = field(default_factory=Memo)
    answers: Memo[Any, Any] = field(default_factory=Memo)
    standing: Memo[Any, Any] = field(default_factory=Memo)
    panels: Memo[Any, Any] = field(default_factory=Memo)
    verdicts: Memo[Any, Any] = field(default_factory=Memo)
    asked: Memo[Any, Any] = field(default_factory=Memo)
    last_reading: dict[int, tuple[object, Any]] = field(default_factory=dict)

    def forget(self) -> None:
        """All answers are worked out anew from here on."""
        for memo in (self.types, self.held, self.answers, self.standing, self.panels, self.verdicts, self.asked):
            memo.clear()
        self.last_reading.clear()
