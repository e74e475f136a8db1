/* The form of a reward: in words, and as the card that members see, while it is filled in. */
"use strict";

(() => {
  const VARIABLE = ["discount", "cashback", "metric"];

  /** A reward of another kind has a fixed cost, and the choice is hidden. */
  const fixCost = (form) => {
    const kind = form.querySelector("[name=kind]");
    const cost = form.querySelector("[name=cost_kind]");
    kind.addEventListener("change", () => {
      if (VARIABLE.includes(kind.value) || cost.value === "fixed") return;
      cost.value = "fixed";
      cost.dispatchEvent(new Event("change", { bubbles: true }));
    });
  };

  /** Only what is known of a member when a reward is redeemed. */
  const suggest = async (url) => {
    const answer = await fetch(`${url}?type=`);
    if (!answer.ok) return;
    const { fields } = await answer.json();
    const known = fields.filter((name) => name.startsWith("member.") || name.startsWith("event.occurred_at."));
    document.getElementById("lc-fields").replaceChildren(...known.map((name) => {
      const option = document.createElement("option");
      option.value = name;
      return option;
    }));
  };

  /** The chosen file stands in the cards before it is sent. */
  class Picture {
    constructor(form) {
      this.form = form;
      this.chosen = null;
      const input = form.querySelector("[name=picture_file]");
      input.addEventListener("change", () => {
        const [file] = input.files;
        this.chosen = null;
        if (!file) return this.show();
        const reader = new FileReader();
        reader.addEventListener("load", () => { this.chosen = reader.result; this.show(); });
        reader.readAsDataURL(file);
      });
    }

    show() {
      if (!this.chosen) return;
      document.querySelectorAll("[data-card] .lc-offer-picture").forEach((box) => {
        const image = document.createElement("img");
        image.src = this.chosen;
        image.alt = "";
        box.replaceChildren(image);
      });
    }
  }

  let asked = 0; // an earlier answer that comes later is not shown

  const say = async (form, picture) => {
    const mine = ++asked;
    const sent = new FormData(form);
    sent.delete("picture_file");
    const answer = await fetch(form.dataset.sentenceUrl, { method: "POST", body: sent });
    if (!answer.ok) return;
    const { sentence, faults, card, example } = await answer.json();
    if (mine !== asked) return;
    const line = document.querySelector(".lc-side [data-sentence]");
    line.textContent = sentence || `Not complete yet. ${faults.join(" ")}`;
    line.classList.toggle("lc-unfinished", !sentence);
    document.querySelectorAll("[data-card]").forEach((box) => lcMarkup.draw(box, card));
    form.querySelector("[data-example]").textContent = example || "–";
    picture.show();
  };

  const start = () => {
    const form = document.querySelector("[data-reward]");
    if (!form) return;
    fixCost(form);
    suggest(form.dataset.suggestionsUrl);
    const picture = new Picture(form);
    let timer;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => say(form, picture), 400);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    if (form.querySelector("[name=name]").value) later(); // what was refused stands there unsaved
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
