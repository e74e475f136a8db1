"""What keeps people out of a page, as axe-core finds it. `make test` installs it from npm (.ci/setup.py)."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SOURCE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
MISSING = "axe-core is not installed (no npm registry in reach?): nothing looked for barriers on the pages."
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# No rule is switched off. One that has to be stands here with its reason: {"rule-id": "why"}.
OFF: dict[str, str] = {}
GRAVE = ("serious", "critical")
# From the top, where nothing that stays in sight covers anything; with the fonts, by which axe-core knows icons.
_RUN = """async ({only, off, standards}) => {
    window.scrollTo(0, 0);
    await document.fonts.ready;
    const runOnly = only.length ? {type: 'rule', values: only} : {type: 'tag', values: standards};
    const rules = Object.fromEntries(off.map(id => [id, {enabled: false}]));
    const found = await axe.run(document, {runOnly, rules, resultTypes: ['violations'], elementRef: false});
    return found.violations.map(({id, impact, help, nodes}) => ({
        id, impact, help, nodes: nodes.map(({target, html, any}) => ({
            target: target.join(' '), html: html.slice(0, 160), why: (any[0] || {}).message || '',
        })),
    }));
}"""


def is_installed() -> bool:
    return _SOURCE.exists()


@cache
def _source() -> str:
    return _SOURCE.read_text()


def violations(page: Page, *, only: tuple[str, ...] = (), impacts: tuple[str, ...] = GRAVE) -> list[str]:
    """A line for each barrier of one of these impacts; nothing where axe-core is not installed.

    `only`: these rules alone, as when the theme changes, which touches nothing but colours.
    """
    if not is_installed():
        return []
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
    asked = {"only": list(only), "off": [] if only else list(OFF), "standards": list(STANDARDS)}
    found: list[dict[str, Any]] = page.evaluate(_RUN, asked)
    return [
        f"{each['impact']} {each['id']}: {each['help']}: {node['target']} {node['html']} {node['why']}"
        for each in found
        if each["impact"] in impacts
        for node in each["nodes"][:5]
    ]
