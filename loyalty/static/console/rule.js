/* The form of an earning rule: what the chosen kind of award needs, rows of caps, the rule in words. */
"use strict";

(() => {
  const FIELDS = {
    fixed: ["award_points"],
    per_amount: ["award_rate", "award_step", "award_field"],
    per_item: ["award_item_points", "award_each", "award_item_step", "award_where"],
    multiplier: ["award_factor"],
    referral: ["award_member", "award_referrer"],
  };

  /** Only the inputs of the chosen kind of award are shown. */
  const watchAward = (form) => {
    const kind = form.querySelector("[name=award_kind]");
    if (!kind) return;
    const each = form.querySelector("[name=award_each]");
    const show = (name, shown) => {
      const box = form.querySelector(`.field-${name}`);
      if (box) box.hidden = !shown;
    };
    const choose = () => {
      Object.entries(FIELDS).forEach(([name, fields]) => fields.forEach((field) => show(field, name === kind.value)));
      show("award_item_step", kind.value === "per_item" && each.value === "amount");
      show("entry_type", kind.value !== "multiplier");
      form.querySelectorAll(".field-row, .form-row").forEach((row) => {
        const boxes = [...row.querySelectorAll("[class*=field-]")];
        if (boxes.length) row.hidden = boxes.every((box) => box.hidden);
      });
    };
    kind.addEventListener("change", choose);
    each.addEventListener("change", choose);
    choose();
  };

  const suggest = async (url, type) => {
    const answer = await fetch(`${url}?type=${encodeURIComponent(type)}`);
    if (!answer.ok) return;
    const { types, fields } = await answer.json();
    const fill = (id, names) => document.getElementById(id).replaceChildren(...names.map((name) => {
      const option = document.createElement("option");
      option.value = name;
      return option;
    }));
    const lines = "data.items[].";
    fill("lc-event-types", types);
    fill("lc-fields", fields);
    fill("lc-item-fields", fields.filter((name) => name.startsWith(lines)).map((name) => `item.${name.slice(lines.length)}`));
  };

  let asked = 0; // an earlier answer that comes later is not shown

  const say = async (words, form) => {
    const mine = ++asked;
    const answer = await fetch(words.dataset.sentenceUrl, { method: "POST", body: new FormData(form) });
    if (!answer.ok) return;
    const { sentence, faults } = await answer.json();
    if (mine !== asked) return;
    const line = words.querySelector("[data-sentence]");
    line.textContent = sentence || `Not complete yet: ${faults.join(" ")}`;
    line.classList.toggle("lc-unfinished", !sentence); // a fault doesn't read as the rule's sentence
  };

  const start = () => {
    const words = document.querySelector("[data-sentence-url]");
    const form = document.getElementById("earningrule_form");
    if (!words || !form) return;
    watchAward(form);
    const type = form.querySelector("[name=event_type]");
    if (!type) return;
    const offer = () => suggest(words.dataset.suggestionsUrl, type.value);
    type.addEventListener("change", offer);
    offer();
    let timer;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => say(words, form), 400);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    if (type.value) later(); // what was refused stands there unsaved
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
