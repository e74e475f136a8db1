"""How the codes of a reward are made up: `REDEEM-########` (domain.md 5).

Each `#` of a pattern stands for a letter or digit at random, none that is mistaken for another; all else stands
for itself. Pure, like the conditions.
"""

import re
from collections.abc import Callable

from programs.conditions import Fault

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, 1, I and O, which people mix up when they type a code."""
DEFAULT_PATTERN = "REDEEM-########"
FEWEST_RANDOM = 8  # 32^8 is a million million: nobody finds a code by trying, however many are sold
LONGEST = 64

_TAKEN = re.compile(r"[A-Z0-9#-]*", re.ASCII)


def pattern_fault(pattern: str) -> Fault | None:
    """What is wrong with a pattern, with the path ""; None where it is right."""
    if not pattern:
        return Fault("", "blank", f"Give a pattern, such as {DEFAULT_PATTERN}.")
    if len(pattern) > LONGEST:
        return Fault("", "too_long", f"A pattern has at most {LONGEST} characters; this has {len(pattern)}.")
    if not _TAKEN.fullmatch(pattern):
        return Fault("", "invalid_value", "Use the capital letters A to Z, digits, - and # only.")
    found = pattern.count("#")
    if found < FEWEST_RANDOM:
        return Fault(
            "", "too_short", f"At least {FEWEST_RANDOM} characters must be # (at random); {found} are."
        )
    return None


def fill(pattern: str, randbelow: Callable[[int], int]) -> str:
    """A code of a pattern without fault. `randbelow(n)`: a random whole number from 0 to n - 1; give
    `secrets.randbelow`, since whoever guesses a code has it."""
    return "".join(ALPHABET[randbelow(len(ALPHABET))] if sign == "#" else sign for sign in pattern)
