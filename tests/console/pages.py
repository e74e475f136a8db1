"""What the console's pages are made of, read as a browser reads it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_FIELDS = ("input", "select", "textarea")
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Page(HTMLParser):
    """`faults`: what a strict content policy would stop, and what a screen reader can't tell."""

    faults: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    unnamed: list[str] = field(default_factory=list)
    _inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.faults += [f"{tag} {name}" for name in found if name == "style" or _is_scripted(name)]
        self.faults += [f"{tag} {name}" for name, value in found.items() if "javascript:" in value.lower()]
        if tag == "style" or (tag == "script" and "src" not in found):
            self.faults.append(f"<{tag}> in the page")
        if "material-symbols-outlined" in found.get("class", "") and found.get("aria-hidden") != "true":
            self.faults.append(f"an icon that is read out: {self.getpos()}")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("main", "nav", "aside", "header"):
            self.landmarks.append(tag)
        if tag == "label":
            self.labelled.add(found.get("for", ""))
        if tag in _FIELDS and found.get("type") not in ("hidden", "submit"):
            self._add_field(tag, found)
        if tag not in _VOID:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside and self._inside.pop() != tag:
                pass

    def _add_field(self, tag: str, found: dict[str, str]) -> None:
        named = found.get("aria-label") or found.get("aria-labelledby") or found.get("title")
        if not named and "label" not in self._inside:
            self.unnamed.append(found.get("id") or f"{tag} {found.get('name')}")

    def fields_without_label(self) -> list[str]:
        return [name for name in self.unnamed if name not in self.labelled]


def _is_scripted(name: str) -> bool:
    """`onclick`, Alpine's `x-on` and `@click`, htmx's `hx-get`."""
    return bool(re.match(r"on[a-z]+$|x-|hx-|[@:]", name))


def read(text: str) -> Page:
    page = Page()
    page.feed(text)
    return page
