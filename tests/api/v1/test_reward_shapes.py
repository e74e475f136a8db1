"""What the OpenAPI document says of reasons is all that reasons carry."""

from dataclasses import replace

from loyalty.api.v1.reward_shapes import ReasonNot
from tests.loyalty.rules.test_redeeming import EVERYTHING, NOW, STEP, TERMS, WORST, found


def test_whatever_a_reason_carries_stands_in_its_shape() -> None:
    over = found(replace(TERMS, ends_at=NOW - STEP))
    carried = {name for reason in [*found(WORST, **EVERYTHING), *over] for name in reason.data}
    fields = ReasonNot().fields
    assert carried | {"code", "detail"} == fields.keys()
    assert {name for name, field in fields.items() if field.required} == {"code", "detail"}
