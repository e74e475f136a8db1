"""Text is readable on its ground, in light and in dark: WCAG 2.2 AA, computed from tokens.css."""

import math
import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = (Path(settings.BASE_DIR) / "loyalty" / "static" / "console" / "tokens.css").read_text()
TEXT, LARGE = 4.5, 3.0  # 4.5:1 for text; 3:1 for what is large, and for the edge of what can be operated
GROUNDS = ("--lc-card", "--lc-soft", "--lc-side", "--lc-hover")
PAIRS = [
    *(
        (text, ground, TEXT)
        for text in ("--lc-text", "--lc-strong", "--lc-sub", "--lc-link")
        for ground in GROUNDS
    ),
    *((text, "--lc-chosen", TEXT) for text in ("--lc-strong", "--lc-link")),
    *((text, ground, TEXT) for text in ("--lc-up", "--lc-down") for ground in ("--lc-card", "--lc-soft")),
    *((f"--lc-{tone}-text", f"--lc-{tone}-back", TEXT) for tone in ("good", "info", "warn", "bad")),
    ("#ffffff", "--lc-accent", TEXT),
    ("#ffffff", "--lc-sandbox", TEXT),
    ("#ffffff", "--lc-sandbox-stripe", TEXT),
    ("#ffffff", "--lc-live", TEXT),
    *(
        (f"--lc-chart-{look}", "--lc-card", LARGE)
        for look in ("issued", "redeemed", "expired", "other", "past")
    ),
    *((edge, ground, LARGE) for edge in ("--lc-edge", "--lc-focus") for ground in ("--lc-card", "--lc-side")),
]


def _declared(theme: str) -> dict[str, str]:
    """Every custom property as the theme has it: those of :root, and over them those of .dark."""
    found: dict[str, str] = {}
    plain = re.sub(r"/\*.*?\*/", "", TOKENS, flags=re.DOTALL)
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
        if selector.strip() == ":root" or theme == "dark":
            found |= dict(re.findall(r"(--[\w-]+):\s*([^;]+);", body))
    return found


def _rgb(value: str, declared: dict[str, str]) -> tuple[float, float, float]:
    """Linear light, each 0 to 1."""
    if inner := re.fullmatch(r"var\((--[\w-]+)\)", value):
        return _rgb(declared[inner[1]], declared)
    if value.startswith("--"):
        return _rgb(declared[value], declared)
    if value.startswith("#"):
        digits = value[1:] if len(value) == 7 else "".join(digit * 2 for digit in value[1:])
        red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
        return _linear(red), _linear(green), _linear(blue)
    return _of_oklch(*re.fullmatch(r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", value).groups())  # type: ignore[union-attr]


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _of_oklch(lightness: str, chroma: str, hue: str) -> tuple[float, float, float]:
    """By Björn Ottosson's matrices (CSS Color 4)."""
    light, angle = float(lightness) / 100, math.radians(float(hue))
    a, b = float(chroma) * math.cos(angle), float(chroma) * math.sin(angle)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    return max(red, 0), max(green, 0), max(blue, 0)


def contrast(one: str, other: str, theme: str) -> float:
    declared = _declared(theme)
    lights = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue
        for red, green, blue in (_rgb(one, declared), _rgb(other, declared))
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_measure_is_right() -> None:
    assert round(contrast("#000", "#fff", "light"), 2) == 21
    assert round(contrast("#777777", "#ffffff", "light"), 2) == 4.48


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
def test_text_stands_out_from_its_ground(text: str, ground: str, least: float, theme: str) -> None:
    assert contrast(text, ground, theme) >= least


def test_no_other_sheet_writes_a_property_of_the_tokens() -> None:
    sheets = Path(settings.BASE_DIR, "loyalty", "static", "console").glob("*.css")
    for sheet in (sheet for sheet in sheets if sheet.name != "tokens.css"):
        assert not re.search(r"--lc-[\w-]+\s*:", sheet.read_text()), sheet.name
