"""What request bodies are made of: words and notes with limits, answers of the fact vocabulary, nothing unknown."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from dispatch.operations.call_body import Moment as Moment
from dispatch.operations.call_body import known_answers, without_nul


class Part(BaseModel):
    """Unknown keys are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(without_nul)
]
NoteText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), AfterValidator(without_nul)
]
Answers = Annotated[dict[str, str], AfterValidator(known_answers)]
