"""The pictures of the demo's stamp cards and badges, drawn: no file of anybody's is shipped for them."""

import io
import math

from PIL import Image, ImageDraw

_SIZE = 800, 400
_BADGE = 400  # a side
_FINER = 2  # drawn so many times larger, then made small, which smooths the edges
_PAPER = "#fffaf0"


def draw_card(*, spots: int, colour: str) -> bytes:
    """A PNG of a card with so many spots for stamps, in two rows from six on; the first ones are stamped."""
    width, height = (side * _FINER for side in _SIZE)
    picture = Image.new("RGB", (width, height), colour)
    draw = ImageDraw.Draw(picture)
    edge = height // 8
    draw.rounded_rectangle((edge, edge, width - edge, height - edge), radius=edge, fill=_PAPER)
    rows = 2 if spots > 5 else 1
    columns = -(-spots // rows)
    step_x, step_y = (width - 3 * edge) // columns, (height - 3 * edge) // rows
    radius = min(step_x, step_y) * 2 // 5
    for spot in range(spots):
        row, column = divmod(spot, columns)
        x = 3 * edge // 2 + step_x // 2 + column * step_x
        y = 3 * edge // 2 + step_y // 2 + row * step_y
        box = (x - radius, y - radius, x + radius, y + radius)
        fill = colour if spot < (spots + 1) // 2 else None
        draw.ellipse(box, outline=colour, width=radius // 8, fill=fill)
    written = io.BytesIO()
    picture.resize(_SIZE, Image.Resampling.LANCZOS).save(written, "PNG")
    return written.getvalue()


def draw_badge(*, colour: str, light: str) -> bytes:
    """A PNG of a round badge with scalloped edge and a star in the light colour."""
    side = _BADGE * _FINER
    centre, edge = side / 2, side * 0.44
    picture = Image.new("RGB", (side, side), _PAPER)
    draw = ImageDraw.Draw(picture)
    for place in range(24):
        x, y = _around(centre, edge, place / 24)
        draw.circle((x, y), side * 0.055, fill=colour)
    draw.circle((centre, centre), edge, fill=colour)
    draw.circle((centre, centre), edge * 0.84, outline=light, width=side // 60)
    star = [_around(centre, edge * (0.64 if tip % 2 == 0 else 0.27), tip / 10) for tip in range(10)]
    draw.polygon(star, fill=light)
    written = io.BytesIO()
    picture.resize((_BADGE, _BADGE), Image.Resampling.LANCZOS).save(written, "PNG")
    return written.getvalue()


def _around(centre: float, radius: float, turn: float) -> tuple[float, float]:
    """The point on a circle after such a part of a turn, from the top clockwise."""
    angle = 2 * math.pi * turn
    return centre + radius * math.sin(angle), centre - radius * math.cos(angle)
