"""What the scripts of the frame do of themselves, in a document that is only as large as they need."""

from pathlib import Path

from tests.console.test_scripts import SCRIPTS
from tests.sdk.node import run

DOM = (Path(__file__).parent / "dom.js").read_text()


def _told(script: str, world: str, *deeds: str) -> list[str]:
    done = run(script="\n".join([DOM, world, (SCRIPTS / script).read_text(), *deeds]))
    assert not done.stderr, done.stderr
    return done.stdout.strip().splitlines()


DRAWER = """
const close = new Element(), shade = new Element(), main = new Element();
const opener = page["[data-drawer]"] = new Element({ matching: ["[data-drawer]"] });
page["#lc-sidebar"] = new Element({ parts: { "[data-drawer-close]": close } });
page[".lc-main-column"] = main; page[".lc-shade"] = shade;
const state = () => console.log(
  opener.attributes["aria-expanded"], page["#lc-sidebar"].inert, main.inert, shade.hidden);
"""


def test_the_drawer_takes_the_focus_and_gives_it_back() -> None:
    said = _told(
        "frame.js",
        DRAWER + "media.matches = true;",
        """
        state();
        document.fire("click", { target: opener }); state(); console.log(document.activeElement === close);
        press("Escape"); state(); console.log(document.activeElement === opener);
        """,
    )
    assert said == ["false true false true", "true false true false", "true", "false true false true", "true"]


def test_beside_a_wide_page_the_sidebar_is_put_away_for_good() -> None:
    said = _told(
        "frame.js",
        DRAWER,
        """
        state(); document.fire("click", { target: opener }); state();
        console.log(localStorage.kept.sidebarDesktopOpen);
        """,
    )
    assert said == ["true false false true", "false false false true", "0"]


def test_escape_closes_a_menu_and_goes_back_to_its_button() -> None:
    said = _told(
        "frame.js",
        """
        const summary = new Element(), menu = new Element({ open: true, parts: { summary } });
        Object.defineProperty(all, "details[data-menu][open]", { get: () => (menu.open ? [menu] : []) });
        """,
        """
        press("Escape"); console.log(menu.open, document.activeElement === summary);
        menu.open = true; document.fire("click", { target: new Element() }); console.log(menu.open);
        """,
    )
    assert said == ["false true", "false"]


QUESTION = """
const yes = new Element(), words = new Element(), sent = [];
const dialog = page["#lc-confirm"] = new Element({ parts: { p: words, "[value=yes]": yes },
  showModal() { console.log("asks", words.textContent, "/", yes.textContent); } });
const button = new Element({ dataset: { confirm: "Sure?" }, textContent: " Archive " });
const submit = () => {
  const event = { submitter: button, target: form, stopped: false, preventDefault() {},
    stopImmediatePropagation() { this.stopped = true; } };
  document.fire("submit", event);
  if (!event.stopped) sent.push("sent");
};
const form = new Element({ requestSubmit: submit });
"""


def test_what_hurts_is_asked_first_and_sent_after_yes_alone() -> None:
    said = _told(
        "frame.js",
        QUESTION,
        """
        submit(); dialog.returnValue = "no"; dialog.heard.close.shift()();
        console.log(sent.length, document.activeElement === button);
        submit(); dialog.returnValue = "yes"; dialog.heard.close.shift()();
        console.log(sent.length, button.dataset.agreed);
        """,
    )
    assert said == ["asks Sure? / Archive", "0 true", "asks Sure? / Archive", "1 undefined"]


def test_a_form_with_changes_is_not_left_unasked_and_a_sent_one_is() -> None:
    said = _told(
        "frame.js",
        """
        const form = new Element({ matching: ["form[data-unsaved]"] });
        const leaves = () => { let asked = false;
          heard.beforeunload({ preventDefault() { asked = true; } }); return asked; };
        """,
        """
        console.log(leaves());
        document.fire("input", { target: form }); console.log(leaves());
        document.fire("submit", { target: form }); console.log(leaves());
        """,
    )
    assert said == ["false", "true", "false"]


def test_light_and_dark_are_chosen_and_remembered() -> None:
    said = _told(
        "frame.js",
        """
        const dark = new Element({ dataset: { theme: "dark" }, matching: ["[data-theme]"] });
        all["[data-theme]"] = [dark];
        """,
        """
        document.fire("click", { target: dark });
        console.log(localStorage.kept.adminTheme, dark.attributes["aria-pressed"]);
        """,
    )
    assert said == ["dark true"]


FINDER = """
const input = new Element(), list = new Element(), note = new Element();
page["#lc-finder"] = new Element({ open: false, dataset: { finderUrl: "/s/", findUrl: "/find/" },
  parts: { input, "[role=listbox]": list, "[role=status]": note },
  showModal() { this.open = true; }, close() { this.open = false; this.fire("close"); } });
globalThis.setTimeout = (deed) => deed();
const answers = [];
globalThis.fetch = () => new Promise((answer) => answers.push((titles) => answer({ ok: true,
  json: async () => ({ hits: titles.map((title) => ({ title, link: `/${title}/`, icon: "x", description: "" })) }) })));
const type = (words) => { input.value = words; input.fire("input"); };
const key = (name, more = {}) => input.fire("keydown", { key: name, preventDefault() {}, ...more });
const settled = () => new Promise(setImmediate);
"""


def test_the_finder_opens_what_is_chosen_by_the_arrow_keys() -> None:
    said = _told(
        "finder.js",
        FINDER,
        """
        press("k", { ctrlKey: true }); console.log(page["#lc-finder"].open, document.activeElement === input);
        type("a"); answers[0](["ada", "bob", "cy"]); await settled();
        console.log(note.textContent, input.attributes["aria-expanded"], input.attributes["aria-activedescendant"]);
        key("ArrowDown"); key("Enter"); key("ArrowUp"); key("ArrowUp"); key("Enter", { ctrlKey: true });
        """,
    )
    assert said == ["true true", "3 found true lc-hit-0", "go /bob/", "open /cy/"]


def test_the_finder_shows_the_answer_to_what_was_typed_last_and_searches_where_there_is_none() -> None:
    said = _told(
        "finder.js",
        FINDER,
        """
        type("a"); type("ab"); answers[1](["later"]); await settled(); answers[0](["earlier"]); await settled();
        console.log(list.children.map((hit) => hit.href));
        type("x y"); key("Enter");
        answers[2]([]); await settled(); console.log(note.textContent, input.attributes["aria-expanded"]);
        """,
    )
    assert said == ["[ '/later/' ]", "go /find/?q=x%20y", "Nothing found in this environment. false"]


SWITCHER = """
const search = new Element(), note = new Element();
const names = ["LIVE Alpha", "SANDBOX Alpha", "LIVE Beta", "LIVE Gamma", "LIVE Delta", "LIVE Eta", "SANDBOX Eta"];
const choices = names.map((textContent) => new Element({ textContent }));
const menu = page["[data-environments]"] = new Element({ open: true,
  parts: { "input[type=search]": search, "[role=status]": note }, lists: { "button[name=environment]": choices } });
const key = (name, target) => menu.fire("keydown", { key: name, target, preventDefault() {} });
"""


def test_among_many_environments_one_types_and_takes_the_first() -> None:
    said = _told(
        "environments.js",
        SWITCHER,
        """
        menu.fire("toggle"); console.log(search.hidden, document.activeElement === search);
        key("Enter", search); // nothing is typed: nothing is meant
        console.log(choices.some((choice) => choice.clicked));
        search.value = "eta sand"; search.fire("input"); console.log(note.textContent);
        key("ArrowDown", search); console.log(document.activeElement.textContent);
        key("Enter", search); console.log(choices[6].clicked, choices[0].clicked);
        """,
    )
    assert said == ["false true", "false", "1 of 7", "SANDBOX Eta", "true undefined"]
