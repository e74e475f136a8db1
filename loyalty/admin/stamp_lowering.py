"""What a lower threshold makes due, as it is said before it is saved: it can't be taken back."""

from loyalty.queries.lowered import falling_due
from programs.admin.stamp_words import amount_words
from programs.models import StampProgram


def falls_due(stamp_program: StampProgram, threshold: int, amount: int | None) -> str:
    """ "3 cards fall due now: 4 rewards, £20.00."; `amount`: what one pays, in minor units; None where that depends
    on prices. One statement."""
    found = falling_due(stamp_program, threshold)
    if not found.cards:
        return "No card falls due now."
    if found.cards == 1 and not found.more:
        cards = "1 card falls"
    else:
        cards = f"{'More than ' if found.more else ''}{found.cards:,} cards fall"
    least = "more than " if found.more else ""
    rewards = f"{least}{found.rewards:,} reward{'' if found.rewards == 1 else 's'}"
    worth = (
        "" if amount is None else f", {least}{amount_words(amount * found.rewards, stamp_program.currency)}"
    )
    return f"{cards} due now: {rewards}{worth}."
