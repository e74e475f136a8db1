"""The pictures of the demo's stamp cards, drawn: no file of anybody's is shipped for them."""

import io

from PIL import Image, ImageDraw

_SIZE = 800, 400
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
