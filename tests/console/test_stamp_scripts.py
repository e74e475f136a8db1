"""What the script of the card editor does, in a document that is only as large as it needs."""

from tests.console.test_scripts import PAGE, SCRIPTS
from tests.sdk.node import run

# The slider, a card of five slots, and the note below the number of stamps.
CARD = """
class Slot { filled = false; classList = { toggle: (_, on) => { this.filled = on; } }; }
const slots = [1, 2, 3, 4, 5].map(() => new Slot()), count = new Element(), note = new Element(), label = new Element();
const row = { setAttribute(_, words) { row.words = words; } };
const shown = {
  set innerHTML(html) { shown.html = html; },
  querySelectorAll: () => slots,
  querySelector: (name) => ({ ".lc-slots": row, "[data-count]": count })[name] ?? null,
};
const slider = new Element();
Object.assign(slider, { value: "2", max: "5", closest: () => label });
document.querySelectorAll = (name) => (name === "[data-card]" ? [shown] : []);
const form = document.querySelector("[data-stamp-form]"), plain = document.querySelector.bind(document);
document.querySelector = (name) => (name === "[data-stamps]" ? slider : plain(name));
const within = form.querySelector.bind(form);
form.querySelector = (name) => (name === "[data-note]" ? note : within(name));
const filled = () => slots.filter((slot) => slot.filled).length;
"""
ANSWER = """
globalThis.fetch = (url) => url === "/sentence/"
  ? new Promise((answer) => waiting.push((told) => answer({ ok: true, json: async () => told })))
  : Promise.resolve({ ok: false });
const told = (sentence, threshold, note = "") => ({ sentence, faults: [], card: sentence, threshold, note });
"""


def _told(script: str) -> list[str]:
    whole = f"{PAGE}{CARD}{ANSWER}{(SCRIPTS / 'stamp.js').read_text()}\n{script}"
    done = run(script=whole)
    assert done.stdout, done.stderr
    return done.stdout.strip().splitlines()


def test_the_slider_fills_the_card_at_once() -> None:
    said = _told(
        """
        console.log(filled(), count.textContent, "|", row.words);
        slider.value = "4"; slider.fire("input");
        console.log(filled(), count.textContent, "|", row.words);
        """
    )
    assert said == ["2 2 of 5 | 2 of 5 stamps", "4 4 of 5 | 4 of 5 stamps"]


def test_the_card_is_that_of_what_was_asked_last() -> None:
    said = _told(
        """
        form.fire("input");
        waiting[1](told("later", 8, "5 to 8"));
        waiting[0](told("earlier", 3));
        await new Promise(setImmediate);
        console.log(waiting.length, line.textContent, shown.html, slider.max, note.textContent, note.hidden);
        """
    )
    assert said == ["2 later later 8 5 to 8 false"]
