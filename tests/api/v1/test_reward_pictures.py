"""The picture of a reward, as a data URL."""

import base64
import io

from PIL import Image

from programs.models import Environment, Picture
from tests.api.test_problems import assert_problem
from tests.api.v1.days import done
from tests.api.v1.shop import COFFEE, offer, seen
from tests.conftest import Api


def picture(colour: str = "red") -> str:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def test_a_picture_is_uploaded_served_replaced_and_taken_away(api: Api, environment: Environment) -> None:
    made = offer(api, image=picture())
    address = made["image_url"]
    assert address.startswith("http://testserver/pictures/")
    served = api.client.get(address.removeprefix("http://testserver"))
    assert (served.status_code, served.headers["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(served.content)).size == (40, 30)
    assert seen(api)["image_url"] == address
    assert done(api.patch("/v1/rewards/rwd_coffee", {"name": "Tea"}))["image_url"] == address
    other = done(api.patch("/v1/rewards/rwd_coffee", {"image": picture("blue")}))["image_url"]
    assert other != address
    assert done(api.patch("/v1/rewards/rwd_coffee", {"image": None}))["image_url"] is None


def test_a_picture_is_kept_once_for_its_key_and_not_at_all_with_a_refusal(
    api: Api, environment: Environment
) -> None:
    body = COFFEE | {"image": picture()}
    first, again = (api.post("/v1/rewards", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert Picture.objects.filter(environment=environment).count() == 1
    assert_problem(api.post("/v1/rewards", body), "invalid_request")
    assert_problem(api.patch("/v1/rewards/rwd_coffee", {"image": picture(), "stock": -1}), "invalid_request")
    change = {"image": picture(), "kind": "discount"}
    assert_problem(api.patch("/v1/rewards/rwd_coffee", change), "invalid_request")
    assert Picture.objects.filter(environment=environment).count() == 1
