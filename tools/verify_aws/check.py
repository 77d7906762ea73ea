"""What a check is: a sentence, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """``text`` says what has to hold; ``seen`` what was found, for a person who has to mend it."""

    text: str
    holds: bool
    seen: str = ""
