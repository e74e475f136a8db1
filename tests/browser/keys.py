"""A page by the keyboard alone."""

from playwright.sync_api import Page

_NAME = """() => {
    const at = document.activeElement;
    const labels = [...(at.labels || [])].map(label => label.innerText);
    return [at.getAttribute('aria-label') || labels.join(' ') || at.innerText || '', at.tagName.toLowerCase()];
}"""


def reach(page: Page, name: str, *, at_most: int = 120) -> None:
    """Tab until the focus is on what is called `name` (its label, or the first line of its text)."""
    passed = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        called, tag = page.evaluate(_NAME)
        lines = [line.strip() for line in called.splitlines() if line.strip()]
        if tag != "body" and name in (called.strip(), *lines):
            return
        passed.append(called.strip().replace("\n", " ")[:40])
    raise AssertionError(f"Tab never comes to {name!r}; it went through {passed}")


def press(page: Page, name: str) -> None:
    """Reach it, press Enter, and stand on the page that comes."""
    reach(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")
