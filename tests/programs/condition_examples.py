"""Facts, leaves and generated conditions for the tests of conditions."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from programs.conditions import (
    OPS,
    Facts,
    parse,
    validate,
)

LONDON = ZoneInfo("Europe/London")
SATURDAY_NOON = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)


def facts(data=None, at=SATURDAY_NOON, zone=LONDON, **member):
    return Facts("purchase", at, zone, data or {}, **member)


def leaf(field, op, value, **more):
    return {"field": field, "op": op, "value": value, **more}


def holds(raw, data=None, **more):
    condition = parse(raw)
    known = facts(data, **more)
    verdict = condition.evaluate(known)
    assert verdict.matched is condition.matches(known)
    assert (verdict.failed is None) is verdict.matched
    return verdict.matched


def fault_of(raw, **scope):
    """The single fault, as (path, code)."""
    faults = validate(raw, **scope)
    assert len(faults) == 1, faults
    return faults[0].path, faults[0].code


YES, NO = leaf("event.type", "eq", "purchase"), leaf("event.type", "eq", "refund")
LINES = {"items": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": "5"}]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*OPS, "data.a"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "items", "where", "field", "op", "value", "match"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


# -- valid conditions, generated

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
NUMBERS = st.integers(-1000, 1000) | st.decimals(-1000, 1000, places=2).map(str)
SCALARS = WORDS | NUMBERS | st.booleans()
ANY_FIELD = ["data.a", "data.a.amount", "member.attributes.b"]


def leaves(names):
    name = st.sampled_from(names)
    return st.one_of(
        st.builds(leaf, name, st.sampled_from(["eq", "ne", "contains"]), SCALARS),
        st.builds(leaf, name, st.sampled_from(["in", "not_in"]), st.lists(SCALARS, min_size=1, max_size=5)),
        st.builds(leaf, name, st.sampled_from(["gt", "gte", "lt", "lte"]), NUMBERS | st.dates().map(str)),
        st.builds(
            leaf, name, st.just("between"), st.lists(st.integers(), min_size=2, max_size=2).map(sorted)
        ),
        st.builds(leaf, name, st.just("starts_with"), WORDS),
        st.builds(leaf, name, st.just("exists"), st.booleans()),
    )


def trees(leaf_strategy, more=None):
    def extend(inner):
        several = st.lists(inner, min_size=1, max_size=3)
        groups = several.map(lambda c: {"all": c}) | several.map(lambda c: {"any": c})
        return groups | inner.map(lambda c: {"not": c})

    return st.recursive(leaf_strategy, extend, max_leaves=6).filter(
        lambda raw: not validate(raw, **(more or {}))
    )


TIMES = st.one_of(
    st.builds(leaf, st.just("event.occurred_at.weekday"), st.sampled_from(["eq", "lt"]), st.integers(1, 7)),
    st.builds(leaf, st.just("event.occurred_at.date"), st.sampled_from(["ne", "gte"]), st.dates().map(str)),
    st.builds(
        leaf, st.just("member.event_count.purchase"), st.sampled_from(["eq", "gte"]), st.integers(0, 9)
    ),
)
LINE_LEAVES = st.builds(
    lambda raw, match: {**raw, "match": match}, leaves(["data.items[].a"]), st.sampled_from(["any", "all"])
)
BLOCKS = st.builds(
    lambda quantifier, where: {"items": quantifier, "where": where},
    st.sampled_from(["any", "all"]),
    leaves(["item.a", "item.b.c"]),
)
CONDITIONS = trees(leaves(ANY_FIELD) | TIMES | LINE_LEAVES | BLOCKS)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "a": JSON,
        "items": st.lists(st.dictionaries(st.sampled_from("ab"), SCALARS), max_size=3) | JSON,
    },
)
