"""Stamp programs as people read them: a sentence, each part of it, and the card that members see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID

from programs.admin.reward_words import money_words, window_words
from programs.admin.tables import Row
from programs.awards.words import which
from programs.conditions import ConditionError, describe
from programs.currencies import digits_of
from programs.models import StampProgram
from programs.pictures import picture_path

MOST_SLOTS = 40
"""So many stamps are drawn one by one; a longer card is a bar."""
_WIDEST = 6  # slots in a row


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of a card: `path` where this server has it, else the `host` that it would be loaded from. The
    console loads nothing from other hosts."""

    path: str = ""
    host: str = ""

    @property
    def is_there(self) -> bool:
        return bool(self.path or self.host)


@dataclass(frozen=True, slots=True)
class StampCard:
    """A card as members see it, with the first `filled` of its `threshold` stamps."""

    title: str
    summary: str
    description: str
    terms: str
    reward: str
    threshold: int
    filled: int
    image: Image
    logo: Image

    @property
    def slots(self) -> list[int]:
        """The numbers of the stamps to draw; none of a card that is too long for that."""
        return list(range(1, self.threshold + 1)) if self.threshold <= MOST_SLOTS else []

    @property
    def columns(self) -> int:
        """How many stand in a row, the rows about alike."""
        rows = -(-self.threshold // _WIDEST)
        return -(-self.threshold // max(1, rows))


def sentence_of(stamp_program: StampProgram) -> str:
    """ "A purchase of £5 or more on weekends is a stamp, one a day; 5 stamps pay back the lowest price."; instants
    in the current zone. What is wrong with its conditions, instead."""
    try:
        what = _stamped(stamp_program)
    except ConditionError as error:
        return str(error)
    often = ", one a day" if stamp_program.stamps_per == StampProgram.StampsPer.DAY else ""
    parts = [f"{what} is a stamp{often}", pays_words(stamp_program), window_words(stamp_program)]
    return f"{'; '.join(filter(None, parts))}."


def _stamped(stamp_program: StampProgram) -> str:
    """What is a stamp: "A purchase in GBP with a line whose category is coffee". Raises ConditionError."""
    currency = stamp_program.currency
    about = which(stamp_program.condition, currency)
    if not _names_money(about, currency):
        about = f"in {currency or '…'} {about}".strip()
    items = stamp_program.item_where
    line = f"a line {_of_line(describe(items, currency=currency, scope='item'))}" if items else ""
    if stamp_program.stamps_per != StampProgram.StampsPer.QUANTITY:
        return f"A purchase {about}{f' with {line}' if line else ''}"
    return f"Each piece of {line}, in a purchase {about}," if line else f"Each piece of a purchase {about}"


def _of_line(words: str) -> str:
    """ "whose category is coffee"; "where" before what does not begin with a field."""
    return f"{'where' if words.startswith(('(', 'not (')) else 'whose'} {words}"


def _names_money(words: str, currency: str) -> bool:
    sign = money_words(Decimal(0), currency).replace("0", "").strip()
    return bool(sign) and sign in words


def pays_words(stamp_program: StampProgram) -> str:
    """ "5 stamps pay back the lowest price", "1 stamp pays £5.00"."""
    count = stamp_program.threshold
    if not count:  # not filled in yet
        return f"… stamps {_paid(stamp_program, 2)}"
    return f"{count:,} stamp{'' if count == 1 else 's'} {_paid(stamp_program, count)}"


def _paid(stamp_program: StampProgram, count: int) -> str:
    verb = "pays" if count == 1 else "pay"
    if stamp_program.reward_kind == StampProgram.RewardKind.REFUND:
        return f"{verb} back the {'price' if count == 1 else 'lowest price'}"
    return f"{verb} {reward_words(stamp_program)}"


def reward_words(stamp_program: StampProgram) -> str:
    """What a full card gives: "the lowest price back", "£5.00"."""
    if stamp_program.reward_kind == StampProgram.RewardKind.REFUND:
        return "the lowest price back"
    amount = stamp_program.reward_amount
    return "…" if amount is None else amount_words(amount, stamp_program.currency)


def amount_words(amount: int, currency: str) -> str:
    """Minor units as money: 500 GBP → "£5.00"."""
    return price_words(major(amount, currency), currency)


def price_words(price: Decimal, currency: str) -> str:
    """With all the digits that the currency has: 5 GBP → "£5.00", 5 JPY → "JPY 5"; of a finer price all it has."""
    whole, _, fraction = money_words(price, currency).partition(".")
    fraction = fraction.ljust(digits_of(currency), "0")
    return f"{whole}.{fraction}" if fraction else whole


def major(amount: int, currency: str) -> Decimal:
    """Minor units in the currency's own unit: 450 GBP → 4.50."""
    return Decimal(amount).scaleb(-digits_of(currency))


def card_of(stamp_program: StampProgram, filled: int | None = None) -> StampCard:
    """The card with so many stamps, or with about a third of them."""
    threshold = max(1, stamp_program.threshold or 1)
    shown = (threshold + 2) // 3 if filled is None else filled
    return StampCard(
        title=stamp_program.title or "The title",
        summary=stamp_program.summary,
        description=stamp_program.description,
        terms=stamp_program.terms,
        reward=stamp_program.reward_text or _capital(reward_words(stamp_program)),
        threshold=threshold,
        filled=max(0, min(shown, threshold)),
        image=image_of(stamp_program.picture_id, stamp_program.image_url),
        logo=image_of(stamp_program.logo_id, stamp_program.logo_url),
    )


def image_of(picture: UUID | None, address: str) -> Image:
    """An uploaded picture comes before an address."""
    if picture:
        return Image(path=picture_path(picture))
    return Image(host=_host(address)) if address else Image()


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address


def threshold_note(stored: int, wanted: int | None, due: str = "0") -> str:
    """What a new threshold does to running cards; empty where it is not a new one. `due`: members whose cards it
    fills, in words."""
    if wanted is None or wanted < 1 or wanted == stored:
        return ""
    if wanted > stored:
        return (
            f"{stored:,} → {wanted:,}: only for cards that begin later. A card that is running is full at the lowest"
            f" number since it began, at most {stored:,}, as it was promised; the member's next one needs {wanted:,}."
        )
    full = {"0": "No card is full by that now", "1": "1 member has so many now and gets the reward"}
    who = full.get(due, f"{due} members have so many now and get the reward")
    return f"{stored:,} → {wanted:,}: at once, for everybody, in the members' favour. {who}."


def obstacles(stamp_program: StampProgram, now: datetime) -> list[str]:
    """Why nobody can join it or be stamped now, apart from its status; each a sentence."""
    if stamp_program.status == StampProgram.Status.ENDED:
        return []
    return list(_obstacles(stamp_program, now))


def _obstacles(stamp_program: StampProgram, now: datetime) -> Iterator[str]:
    program = stamp_program.program
    if program.status != "active":
        state = program.get_status_display().lower()
        yield f"Its program {program} is {state}: nobody can join, and no purchase is stamped."
    if stamp_program.starts_at and now < stamp_program.starts_at:
        yield f"It begins later: {window_words(stamp_program)}."
    if stamp_program.ends_at and now >= stamp_program.ends_at:
        yield "Its time is over: give it a later end to go on with it."


def rows_of_stamp_program(stamp_program: StampProgram) -> list[Row]:
    """Part by part, for who may only read it."""
    rows = {
        "Name": stamp_program.name,
        "Program": stamp_program.program.name,
        "Stamps for a reward": f"{stamp_program.threshold:,}",
        "Stamps": stamp_program.get_stamps_per_display().lower(),
        "Which purchases": _condition(stamp_program.condition, "event"),
        "Which lines": _condition(stamp_program.item_where, "item"),
        "Currency": stamp_program.currency,
        "Reward": reward_words(stamp_program),
        "When": window_words(stamp_program) or "always",
        "Image address": stamp_program.image_url,
        "Logo address": stamp_program.logo_url,
    }
    return [Row(name, value or "–") for name, value in rows.items()]


def _condition(raw: object, scope: str) -> str:
    try:
        return describe(raw, scope="item" if scope == "item" else "event") if raw else "every one"
    except ConditionError as error:
        return str(error)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
