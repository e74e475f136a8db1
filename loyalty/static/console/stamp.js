/* The form of a stamp card: in words, and as the card that members see, while it is filled in. */
"use strict";

(() => {
  const cards = () => [...document.querySelectorAll("[data-card]")];

  /** How many stamps the shown card has: filled at once, without asking the server. */
  class Slider {
    constructor(input) {
      this.input = input;
      input.closest("label").hidden = false;
      input.addEventListener("input", () => this.show());
      this.show();
    }

    resize(threshold) {
      this.input.max = threshold; // the browser keeps the value below it
      this.show();
    }

    show() {
      const stamps = Number(this.input.value);
      const words = `${stamps.toLocaleString("en")} of ${Number(this.input.max).toLocaleString("en")}`;
      const label = this.input.closest("label");
      label.querySelector("[data-stamps-said]").textContent = stamps.toLocaleString("en");
      label.querySelector("[data-stamps-word]").textContent = stamps === 1 ? "stamp" : "stamps";
      cards().forEach((card) => {
        card.querySelectorAll(".lc-slot").forEach((slot, index) => slot.classList.toggle("lc-filled", index < stamps));
        const row = card.querySelector(".lc-slots");
        if (row) row.setAttribute("aria-label", `${words} stamps`);
        const bar = card.querySelector(".lc-stamp-bar");
        if (bar) bar.value = stamps;
        card.querySelector("[data-count]").textContent = words;
      });
    }
  }

  /** A chosen file stands in the cards before it is sent. */
  class Picture {
    constructor(form, name) {
      this.name = name;
      this.chosen = null;
      const input = form.querySelector(`[name=${name}_file]`);
      input.addEventListener("change", () => {
        const [file] = input.files;
        this.chosen = null;
        if (!file) return;
        const reader = new FileReader();
        reader.addEventListener("load", () => { this.chosen = reader.result; this.show(); });
        reader.readAsDataURL(file);
      });
    }

    show() {
      if (!this.chosen) return;
      document.querySelectorAll(`[data-card] [data-picture=${this.name}]`).forEach((box) => {
        const image = document.createElement("img");
        image.src = this.chosen;
        image.alt = "";
        box.hidden = false;
        box.replaceChildren(image);
      });
    }
  }

  const option = (name) => Object.assign(document.createElement("option"), { value: name });

  /** What purchases have brought along so far. */
  const suggest = async (url) => {
    const answer = await fetch(`${url}?type=purchase`);
    if (!answer.ok) return;
    const { fields } = await answer.json();
    const lines = "data.items[].";
    const items = fields.filter((name) => name.startsWith(lines)).map((name) => `item.${name.slice(lines.length)}`);
    document.getElementById("lc-fields").replaceChildren(...fields.map(option));
    document.getElementById("lc-item-fields").replaceChildren(...items.map(option));
  };

  let asked = 0; // an earlier answer that comes later is not shown

  const say = async (form, slider, pictures) => {
    const mine = ++asked;
    const sent = new FormData(form);
    ["image_file", "logo_file"].forEach((name) => sent.delete(name));
    const answer = await fetch(form.dataset.sentenceUrl, { method: "POST", body: sent });
    if (!answer.ok) return;
    const { sentence, faults, note, card, threshold } = await answer.json();
    if (mine !== asked) return;
    const line = document.querySelector(".lc-side [data-sentence]");
    line.textContent = sentence || `Not complete yet. ${faults.join(" ")}`;
    line.classList.toggle("lc-unfinished", !sentence);
    const told = form.querySelector("[data-note]");
    if (told) Object.assign(told, { textContent: note, hidden: !note });
    cards().forEach((box) => lcMarkup.draw(box, card));
    pictures.forEach((picture) => picture.show());
    slider.resize(threshold);
  };

  const start = () => {
    const input = document.querySelector("[data-stamps]");
    if (!input) return;
    const slider = new Slider(input);
    const form = document.querySelector("[data-stamp-form]");
    if (!form) return;
    suggest(form.dataset.suggestionsUrl);
    const pictures = ["image", "logo"].map((name) => new Picture(form, name));
    let timer;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => say(form, slider, pictures), 300);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    if (form.querySelector("[name=name]").value) later(); // what was refused stands there unsaved
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
