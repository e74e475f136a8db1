"""What can be seen to be wrong with a page's layout: it scrolls sideways, text is cut off, focus does not show."""

from playwright.sync_api import Page

# Text that its box, or one round that, cuts off; and a page wider than its window. A box that scrolls is let
# through, and so is one that ends in "…" and says the whole in `title`, and what only screen readers read.
_LAID_OUT = """() => {
    const wrong = [];
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    if (wide > 0) {
        const over = [...document.body.querySelectorAll('*')].filter(
            el => el.getBoundingClientRect().right > window.innerWidth + 1 && el.checkVisibility()
        ).at(-1);
        wrong.push(`the page is ${wide} px wider than its window: ${over ? over.outerHTML.slice(0, 120) : ''}`);
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const looked = new Set();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const own = node.parentElement;
        if (!node.data.trim() || looked.has(own)) continue;
        looked.add(own);
        if (!own.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
        if (own.closest('option, script, style, svg, .material-symbols-outlined, .sr-only')) continue;
        range.selectNodeContents(node);
        const text = range.getBoundingClientRect();
        if (!text.width || text.right < 0 || text.bottom < 0) continue;
        for (let box = own; box && box !== document.documentElement; box = box.parentElement) {
            const style = getComputedStyle(box);
            const edge = box.getBoundingClientRect();
            if (edge.width <= 1 || edge.height <= 1) break;
            if (['auto', 'scroll'].includes(style.overflowX) || style.position === 'fixed') break;
            if (!['hidden', 'clip'].includes(style.overflowX)) continue;
            const cut = Math.max(text.right - edge.right, edge.left - text.left);
            const dotted = style.textOverflow === 'ellipsis' && box.closest('[title]');
            if (cut > 1 && !dotted) {
                const what = `"${node.data.trim().slice(0, 60)}" is cut off by ${Math.round(cut)} px`;
                wrong.push(`${what} in ${box.outerHTML.slice(0, 100)}`);
            }
            break;
        }
    }
    return wrong;
}"""
# Everything that Tab reaches, in turn: a ring, a border or a background must tell it from the same without focus.
# The browser shows focus as after a key, since the last thing pressed was one.
_FOCUS = """() => {
    const looks = el => {
        const style = getComputedStyle(el);
        const ringless = style.outlineStyle === 'none' || style.outlineWidth === '0px';
        const ring = ringless ? '' : style.outlineWidth + style.outlineColor;
        const others = ['boxShadow', 'borderColor', 'backgroundColor', 'textDecorationLine'];
        return [ring, ...others.map(name => style[name])].join('|');
    };
    const round = el => [el, el.parentElement, el.parentElement.parentElement, ...(el.labels || [])].filter(Boolean);
    const wrong = [];
    const reached = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]');
    for (const el of reached) {
        if (el.disabled || el.tabIndex < 0 || el.type === 'hidden') continue;
        if (!el.checkVisibility({visibilityProperty: true})) continue;
        if (el === document.activeElement) el.blur();
        const before = round(el).map(looks).join();
        el.focus({preventScroll: true});
        if (document.activeElement !== el) continue;
        if (round(el).map(looks).join() === before) wrong.push(`focus does not show on ${el.outerHTML.slice(0, 140)}`);
        el.blur();
    }
    return wrong.slice(0, 5);
}"""
_HEADED = """() => {
    const wrong = [];
    const heads = [...document.querySelectorAll('h1')].filter(el => el.checkVisibility());
    if (heads.length !== 1) wrong.push(`${heads.length} headings of the first order`);
    if (!document.title.trim()) wrong.push('no title');
    return wrong;
}"""


def faults_of_layout(page: Page) -> list[str]:
    """Of the page at the width that it has."""
    return list(page.evaluate(_LAID_OUT))


def faults_of_focus(page: Page) -> list[str]:
    page.keyboard.press("Tab")
    return list(page.evaluate(_FOCUS))


def faults_of_headings(page: Page) -> list[str]:
    return list(page.evaluate(_HEADED))
