/* The form of a challenge: missions and rewards as rows, in words, and as members see it while it is filled in. */
"use strict";

(() => {
  const make = (label, title, onclick) =>
    Object.assign(document.createElement("button"), { type: "button", className: "lc-button lc-small", textContent: label, title, ariaLabel: title, onclick });

  /** Rows that can be added, moved and removed; each keeps the key that its inputs' names hold. */
  class Parts {
    constructor(box) {
      this.box = box;
      this.noun = box.dataset.parts.toLowerCase();
      this.blank = box.querySelector(":scope > template");
      this.next = 1;
      this.add = make(`+ ${box.dataset.parts}`, `Add a ${this.noun}`, () => this.added());
      box.append(this.add);
      this.rows().forEach((row) => this.furnish(row));
      this.count();
    }

    rows() {
      return [...this.box.querySelectorAll("[data-part]")];
    }

    added() {
      const keys = this.rows().map((row) => row.querySelector("[name$=_row]").value);
      while (keys.includes(`n${this.next}`)) this.next += 1;
      const holder = document.createElement("div");
      lcMarkup.draw(holder, this.blank.innerHTML.replaceAll("n0000", `n${this.next}`));
      const row = holder.querySelector("[data-part]");
      this.add.before(row);
      this.furnish(row);
      row.dispatchEvent(new Event("lc:added", { bubbles: true }));
      this.changed();
      row.querySelector("input:not([type=hidden]), select").focus();
    }

    furnish(row) {
      const buttons = document.createElement("div");
      buttons.className = "lc-piece-buttons";
      const move = (label, words, step) => make(label, words, (event) => this.move(row, step, event.currentTarget));
      buttons.append(
        move("↑", `Move this ${this.noun} up`, -1), move("↓", `Move this ${this.noun} down`, 1),
        make("✕", `Remove this ${this.noun}`, () => this.remove(row)));
      row.querySelector("legend").after(buttons);
      row.addEventListener("input", () => row.removeAttribute("data-may-stay-empty"), { once: true });
    }

    move(row, step, pressed) {
      const rows = this.rows();
      const other = rows[rows.indexOf(row) + step];
      if (!other) return;
      if (step < 0) other.before(row);
      else other.after(row);
      this.changed();
      pressed.focus(); // moving took the focus along
    }

    remove(row) {
      const rows = this.rows();
      const near = rows[rows.indexOf(row) + 1] || rows[rows.indexOf(row) - 1];
      row.remove();
      this.changed();
      (near ? near.querySelector("input:not([type=hidden]):not(:disabled), select") : this.add).focus();
    }

    changed() {
      this.count();
      this.box.dispatchEvent(new Event("input", { bubbles: true }));
    }

    count() {
      const rows = this.rows();
      rows.forEach((row, index) => {
        row.querySelector("[data-number]").textContent = rows.length > 1 ? index + 1 : "";
        const [up, down] = row.querySelectorAll(".lc-piece-buttons button");
        up.setAttribute("aria-disabled", index === 0);
        down.setAttribute("aria-disabled", index === rows.length - 1);
      });
    }
  }

  const ALONE = "-"; // no notification over the card

  /** Which notification the phones show: the one that is worked on, or the chosen one. */
  class Phones {
    constructor() {
      this.choice = document.querySelector("[data-notice-choice]");
      this.choice.addEventListener("change", () => this.show());
      const look = document.documentElement.classList.contains("dark") ? "dark" : "light";
      const chosen = document.querySelector(`[name=lc-look][value=${look}]`);
      if (chosen) chosen.checked = true;
      this.show();
    }

    of(key) {
      if (this.choice.value === key || ![...this.choice.options].some((option) => option.value === key)) return;
      this.choice.value = key;
      this.show();
    }

    draw(html) {
      document.querySelectorAll("[data-phone]").forEach((phone) => lcMarkup.draw(phone, html));
    }

    offer(notices) {
      const chosen = this.choice.value;
      this.choice.replaceChildren(this.choice.options[0], ...notices.map(({ key, about }) =>
        Object.assign(document.createElement("option"), { value: key, textContent: about })));
      this.choice.value = notices.some(({ key }) => key === chosen) ? chosen : ALONE;
    }

    show() {
      document.querySelectorAll("[data-notice]").forEach((notice) => {
        notice.hidden = notice.dataset.notice !== this.choice.value;
      });
    }
  }

  /** Event types and fields that were really received, those fields of the mission that is worked on. */
  class Suggestions {
    constructor(url) {
      this.url = url;
      this.known = new Map();
      this.shown = null;
    }

    async offer(type) {
      if (this.shown === type) return;
      this.shown = type;
      if (!this.known.has(type)) {
        const answer = await fetch(`${this.url}?type=${encodeURIComponent(type)}`);
        if (!answer.ok) return;
        this.known.set(type, await answer.json());
      }
      if (this.shown !== type) return;
      const { types, fields } = this.known.get(type);
      const fill = (id, names) => document.getElementById(id).replaceChildren(...names.map((name) =>
        Object.assign(document.createElement("option"), { value: name })));
      fill("lc-event-types", types.filter((name) => name !== "refund"));
      fill("lc-fields", fields);
    }
  }

  let asked = 0; // an earlier answer that comes later is not shown

  const say = async (form, phones) => {
    const mine = ++asked;
    const answer = await fetch(form.dataset.sentenceUrl, { method: "POST", body: new FormData(form) });
    if (!answer.ok) return;
    const { sentence, faults, notes, notices, phone } = await answer.json();
    if (mine !== asked) return;
    const line = document.querySelector(".lc-side [data-sentence]");
    line.textContent = sentence || `Not complete yet. ${faults.join(" ")}`;
    line.classList.toggle("lc-unfinished", !sentence);
    form.querySelectorAll("[data-type-note]").forEach((note) => {
      const words = notes[note.closest("[data-part]").dataset.key] || "";
      note.querySelector("[data-type-words]").textContent = words;
      note.hidden = !words;
    });
    phones.draw(phone);
    phones.offer(notices);
    phones.show();
  };

  const start = () => {
    if (!document.querySelector("[data-notice-choice]")) return;
    const phones = new Phones();
    const form = document.querySelector("[data-challenge-form]");
    if (!form) return;
    const suggestions = new Suggestions(form.dataset.suggestionsUrl);
    const typeOf = (target) => target.closest("[data-part]")?.querySelector("[name$=-event_type]")?.value ?? "";
    form.querySelectorAll("[data-parts]").forEach((box) => new Parts(box));
    suggestions.offer("");
    let timer;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => say(form, phones), 300);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    form.addEventListener("focusin", (event) => {
      suggestions.offer(typeOf(event.target));
      phones.of(event.target.closest("[data-notice-of]")?.dataset.noticeOf ?? ALONE);
    });
    form.addEventListener("change", (event) => suggestions.offer(typeOf(event.target)));
    if (form.querySelector("[name=title]").value) later(); // what was refused stands there unsaved
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
