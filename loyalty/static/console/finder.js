/* The command palette (Ctrl+K): finds pages, members and anything by its id or code; Enter opens. */
"use strict";

(() => {
  const WAIT = 250; // ms after the last key

  class Finder {
    constructor(dialog) {
      this.dialog = dialog;
      this.input = dialog.querySelector("input");
      this.list = dialog.querySelector("[role=listbox]");
      this.note = dialog.querySelector("[role=status]");
      this.asked = 0; // an earlier answer that comes later is not shown
      this.found = ""; // what the shown hits are of
      this.chosen = -1;
      this.input.addEventListener("input", () => this.later());
      this.input.addEventListener("keydown", (event) => this.pressed(event));
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
      dialog.addEventListener("close", () => this.empty());
    }

    open() {
      if (this.dialog.open) return;
      this.dialog.showModal();
      this.input.focus();
    }

    empty() {
      this.input.value = "";
      this.show([], "");
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), WAIT);
    }

    async ask() {
      const mine = ++this.asked;
      const term = this.input.value.trim();
      if (!term) return this.show([], "");
      const answer = await fetch(`${this.dialog.dataset.finderUrl}?s=${encodeURIComponent(term)}`);
      if (mine !== this.asked) return;
      if (answer.status === 401) return location.reload(); // logged out: the page itself says so
      if (!answer.ok) return this.say("The search did not answer. Type again to try once more.");
      this.show((await answer.json()).hits, term);
    }

    show(hits, term) {
      this.found = term;
      this.list.replaceChildren(...hits.map((hit, place) => this.option(hit, place)));
      this.input.setAttribute("aria-expanded", hits.length > 0);
      this.say(!term ? "" : hits.length ? `${hits.length} found` : "Nothing found in this environment.");
      this.choose(hits.length ? 0 : -1);
    }

    say(words) {
      this.note.textContent = words;
    }

    option(hit, place) {
      const part = (name, className, words) => Object.assign(document.createElement(name), { className, textContent: words });
      const made = Object.assign(document.createElement("a"), { id: `lc-hit-${place}`, href: hit.link, tabIndex: -1 });
      made.setAttribute("role", "option");
      const icon = part("span", "material-symbols-outlined", hit.icon);
      icon.setAttribute("aria-hidden", "true");
      made.append(icon, part("span", "lc-hit-title", hit.title), part("small", "", hit.description));
      return made;
    }

    choose(place) {
      const options = [...this.list.children];
      this.chosen = place;
      options.forEach((option, other) => option.setAttribute("aria-selected", other === place));
      if (options[place]) {
        this.input.setAttribute("aria-activedescendant", options[place].id);
        options[place].scrollIntoView({ block: "nearest" });
      } else this.input.removeAttribute("aria-activedescendant");
    }

    pressed(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const count = this.list.children.length;
      if (step && count) {
        event.preventDefault();
        this.choose((this.chosen + step + count) % count);
      } else if (event.key === "Enter") {
        event.preventDefault();
        this.go(event.ctrlKey || event.metaKey);
      }
    }

    /** The chosen hit; the search page while there is none for what was typed. */
    go(isNewTab) {
      const term = this.input.value.trim();
      const hit = term === this.found && this.list.children[this.chosen];
      const link = hit ? hit.href : `${this.dialog.dataset.findUrl}?q=${encodeURIComponent(term)}`;
      if (!term) return;
      if (isNewTab) window.open(link, "_blank", "noopener");
      else window.location.assign(link);
    }
  }

  const start = () => {
    const dialog = document.getElementById("lc-finder");
    if (!dialog) return;
    const finder = new Finder(dialog);
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-finder]")) finder.open();
      if (event.target.closest("[data-finder-close]")) dialog.close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key?.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      finder.open();
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
