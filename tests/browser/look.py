"""Everything that can be found out about a page without a person's eyes, at both widths and in both themes."""

from tests.browser import layout
from tests.browser.visitor import WIDTHS, Visitor

_THEME = "theme => document.documentElement.classList.toggle('dark', theme === 'dark')"


def look(visitor: Visitor) -> list[str]:
    """What is wrong with the page as it stands, and what it did wrong so far; it is left narrow and light.

    The page is loaded once: what differs between the widths and the themes is style sheets alone.
    """
    page = visitor.page
    visitor.hold_still()
    show(visitor, 1280, "light")
    visitor.note(*layout.faults_of_headings(page), *layout.faults_of_layout(page))
    visitor.check_access()
    visitor.note(*layout.faults_of_focus(page))
    show(visitor, 1280, "dark")
    visitor.check_access(only=("color-contrast",))
    show(visitor, 390, "dark")
    visitor.note(*layout.faults_of_layout(page))
    visitor.check_access()
    show(visitor, 390, "light")
    visitor.check_access(only=("color-contrast",))
    return visitor.told()


def show(visitor: Visitor, width: int, theme: str) -> None:
    visitor.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    visitor.page.evaluate(_THEME, theme)
