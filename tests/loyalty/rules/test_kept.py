"""What an event keeps of its situation is read back as it was."""

import json

from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.earning import Level, Referred, Room, Situation
from loyalty.rules.kept import from_json, to_json

points = st.integers(0, 10**15)
multipliers = st.decimals("1", "1000", places=4, allow_nan=False)
levels = st.builds(Level, st.none() | st.text(max_size=5), st.text(max_size=5), multipliers, st.uuids())
rooms = st.builds(Room, st.lists(st.none() | points, max_size=3).map(tuple), st.none() | points)
by_rule, by_metric = (
    st.dictionaries(st.uuids(), rooms, max_size=3),
    st.dictionaries(st.uuids(), points, max_size=2),
)
referrals = st.none() | st.builds(Referred, rooms=by_rule, maximum=by_metric)


@given(
    situation=st.builds(
        Situation,
        levels=st.dictionaries(st.uuids(), levels, max_size=3),
        rooms=by_rule,
        maximum=by_metric,
        referral=referrals,
    )
)
def test_any_situation_is_read_back_as_it_was(situation: Situation) -> None:
    kept = json.loads(json.dumps(to_json(situation)))
    assert from_json(kept, referred=situation.referral is not None) == situation


def test_what_is_empty_takes_no_room() -> None:
    assert to_json(Situation()) == {}


def test_a_referral_that_was_not_completed_is_not_asked_for_again() -> None:
    kept = to_json(Situation(referral=Referred()))
    assert from_json(kept, referred=False) == Situation()
