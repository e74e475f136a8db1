"""The form of a reward, for the console's tests."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from programs.models import Environment, Metric, Program, Tier

PAGE = "/console/programs/reward"


def reward_form(environment: Environment, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Ten pounds off",
        "program": str(Program.objects.get(environment=environment).pk),
        "metric": str(Metric.objects.get(environment=environment, code="points").pk),
        "kind": "discount",
        "cost_kind": "fixed",
        "points": "200",
        "discount_amount": "10",
        "currency": "gbp",
        "condition": "{}",
        "limit_per": "ever",
        "code_source": "none",
        "fulfilment": "automatic",
    } | changes


def picture_file(side: int = 60) -> SimpleUploadedFile:
    written = BytesIO()
    Image.new("RGB", (side, side), "#4f46e5").save(written, "PNG")
    return SimpleUploadedFile("voucher.png", written.getvalue(), "image/png")


def tier_input(code: str) -> str:
    return f"tier_points_{Tier.objects.get(code=code).pk.hex}"


def errors_of(answer: Any) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in answer.context["form"].errors.items()}
