"""What the script of the challenge editor does, in a document that is only as large as it needs."""

from tests.console.test_scripts import PAGE, SCRIPTS
from tests.sdk.node import run

# Rows with a legend, a number and a key; a box that holds them and a template; the choice of the notification.
BOX = """
class Node extends Element {
  children = []; parent = null; attributes = {}; isRow = false;
  constructor(key) { super(); this.key = key; }
  setAttribute(name, value) { this.attributes[name] = value; }
  append(...nodes) { nodes.forEach((node) => this.#into(node, this.children.length)); }
  #into(node, index) { node.remove?.(); node.parent = this; this.children.splice(index, 0, node); }
  #at(node) { return this.parent.children.indexOf(node); }
  before(node) { node.remove(); node.parent = this.parent; this.parent.children.splice(this.#at(this), 0, node); }
  after(node) { node.remove(); node.parent = this.parent; this.parent.children.splice(this.#at(this) + 1, 0, node); }
  remove() { if (this.parent) this.parent.children.splice(this.#at(this), 1); this.parent = null; }
  focus() { document.activeElement = this; }
  dispatchEvent(event) { seen.push(event.type); }
}
class Row extends Node {
  isRow = true; number = {}; buttons = []; input = new Node();
  legend = { after: (holder) => { this.buttons = holder.children; } };
  querySelector(name) {
    if (name === "[data-number]") return this.number;
    if (name === "legend") return this.legend;
    return name === "[name$=_row]" ? { value: this.key } : this.input;
  }
  querySelectorAll() { return this.buttons; }
}
const seen = [], box = new Node();
box.dataset = { parts: "Mission" };
box.querySelectorAll = () => box.children.filter((node) => node.isRow);
box.querySelector = (name) => (name === ":scope > template" ? { innerHTML: "mission-n0000-title" } : null);
document.createElement = () => Object.defineProperty(new Node(), "innerHTML", {
  set(html) { this.made = new Row(html.split("-")[1]); },
});
const plainNode = Node.prototype.querySelector;
Node.prototype.querySelector = function (name) {
  return name === "[data-part]" ? this.made : plainNode.call(this, name);
};
globalThis.Event = class { constructor(type) { this.type = type; } };
box.append(new Row("aa"), new Row("bb"));
const order = () => box.querySelectorAll().map((row) => row.key).join(" ");
const form = document.querySelector("[data-challenge-form]");
form.querySelectorAll = (name) => (name === "[data-parts]" ? [box] : []);
const press = (row, button) => row.buttons[button].onclick({ currentTarget: row.buttons[button] });
"""
CHOICE = """
const choice = new Element(), notices = ["", "aa"].map((key) => ({ hidden: false, dataset: { notice: key } }));
choice.options = [{ value: "-" }, { value: "" }, { value: "aa" }];
choice.replaceChildren = (...options) => { choice.options = options; };
choice.value = "-";
const phones = [{}, {}], plain = document.querySelector.bind(document);
document.documentElement = { classList: { contains: () => true } };
document.querySelector = (name) => (name === "[data-notice-choice]" ? choice : plain(name));
document.querySelectorAll = (name) => ({ "[data-notice]": notices, "[data-phone]": phones })[name] ?? [];
const nameOf = (notice) => notice.dataset.notice || "whole";
const shown = () => notices.filter((notice) => !notice.hidden).map(nameOf).join() || "alone";
"""
ANSWER = """
globalThis.fetch = (url) => url === "/sentence/"
  ? new Promise((answer) => waiting.push((told) => answer({ ok: true, json: async () => told })))
  : Promise.resolve({ ok: false });
const told = (sentence, keys) => ({ sentence, faults: [], notes: {}, phone: `phone ${sentence}`,
  notices: keys.map((key) => ({ key, about: key })) });
"""


def _told(script: str) -> list[str]:
    whole = f"{PAGE}{BOX}{CHOICE}{ANSWER}{(SCRIPTS / 'challenge.js').read_text()}\n{script}"
    done = run(script=whole)
    assert done.stdout, done.stderr
    return done.stdout.strip().splitlines()


def test_rows_are_moved_added_and_removed_and_keep_the_focus() -> None:
    said = _told(
        """
        const [first, second] = box.querySelectorAll();
        press(second, 0);
        console.log(order(), "|", second.number.textContent, first.number.textContent,
          document.activeElement === second.buttons[0], second.buttons[0].attributes["aria-disabled"]);
        press(second, 0);
        console.log(order());
        box.children.at(-1).onclick();
        const added = box.querySelectorAll()[2];
        console.log(order(), "|", added.number.textContent, document.activeElement === added.input);
        press(first, 2);
        console.log(order(), "|", document.activeElement === added.input, seen.join(" "));
        """
    )
    assert said == [
        "bb aa | 1 2 true true",
        "bb aa",
        "bb aa n1 | 3 true",
        "bb n1 | true input lc:added input input",
    ]


def test_the_phone_shows_the_notification_that_is_worked_on() -> None:
    said = _told(
        """
        const part = (key) => ({ closest: (name) => (name === "[data-notice-of]" && key !== null
          ? { dataset: { noticeOf: key } } : null) });
        console.log(shown());
        for (const key of ["aa", "", null]) { form.fire("focusin", { target: part(key) }); console.log(shown()); }
        """
    )
    assert said == ["alone", "aa", "whole", "alone"]


def test_the_phone_is_that_of_what_was_asked_last() -> None:
    said = _told(
        """
        choice.value = "aa";
        form.fire("input");
        waiting[1](told("later", ["", "aa"]));
        waiting[0](told("earlier", [""]));
        await new Promise(setImmediate);
        console.log(waiting.length, line.textContent, phones[0].innerHTML, choice.value, shown());
        """
    )
    assert said == ["2 later phone later aa aa"]
