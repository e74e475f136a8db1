"""What the console's scripts do of themselves, in a document that is only as large as they need."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.sdk.node import run

SCRIPTS = Path(settings.BASE_DIR) / "loyalty" / "static" / "console"

# Any element answers any selector; `waiting` has the questions after the sentence, in their order.
PAGE = """
class Element {
  value = "x"; textContent = ""; dataset = { sentenceUrl: "/sentence/", suggestionsUrl: "/suggestions/" };
  classList = { toggle() {} };
  #found = {}; #heard = {};
  querySelector(name) { return (name.includes("[data-sentence]") ? line : this.#found[name] ??= new Element()); }
  querySelectorAll() { return []; }
  getElementById(name) { return this.querySelector(name); }
  addEventListener(name, deed) { (this.#heard[name] ??= []).push(deed); }
  fire(name, event) { this.#heard[name].forEach((deed) => deed(event)); }
}
const line = new Element(), waiting = [];
globalThis.document = new Element();
globalThis.FormData = class { delete() {} };
globalThis.setTimeout = (deed) => deed();
const said = (sentence) => ({ ok: true, json: async () => ({ sentence, faults: [] }) });
globalThis.fetch = (url) => url === "/sentence/"
  ? new Promise((answer) => waiting.push((sentence) => answer(said(sentence))))
  : Promise.resolve({ ok: false });
""" + (SCRIPTS / "markup.js").read_text()


@pytest.mark.parametrize(
    ("script", "form"), [("reward.js", "[data-reward]"), ("rule.js", "earningrule_form")]
)
def test_the_sentence_is_that_of_what_was_asked_last(script: str, form: str) -> None:
    told = run(
        script=f"""{PAGE}
        {(SCRIPTS / script).read_text()}
        document.querySelector("{form}").fire("input");
        waiting[1]("later");
        waiting[0]("earlier");
        await new Promise(setImmediate);
        console.log(waiting.length, line.textContent);
        """
    )
    assert told.stdout.split() == ["2", "later"], told.stderr
