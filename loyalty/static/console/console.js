/* Small manners of the console's own pages: send a form once, copy a secret, rows of a list. */
"use strict";

// A form says in which environment it was opened: another tab may have switched since.
document.addEventListener("formdata", (event) => {
  const bar = document.querySelector("[data-environment]");
  if (bar) event.formData.set("_environment", bar.dataset.environment);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset)) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  // After the submission has taken the pressed button's name and value along.
  setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)), 0);
});

// Coming back by the browser's Back shows the page as it was left: sendable again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach((button) => (button.disabled = false));
  });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const source = document.getElementById(button.dataset.copy);
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      document.execCommand("copy");
    }
    button.textContent = "Copied";
  }
});

// Rows of a list: the empty ones, which stand there for browsers without scripts, go; a button brings more.
const repeat = (list) => {
  const rows = () => [...list.querySelectorAll("[data-row]")];
  const inputs = (row) => [...row.querySelectorAll("input:not([type=hidden])")];
  const isBlank = (row) => inputs(row).every((input) => !input.value || "usual" in input.dataset);
  const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));
  const button = (label, onclick) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "lc-button lc-small", textContent: label, onclick });
    return made;
  };
  const furnish = (row) => {
    const remove = button("✕", () => { row.remove(); changed(); });
    remove.title = remove.ariaLabel = `Remove this ${list.dataset.repeat.toLowerCase()}`;
    row.append(remove);
    return row;
  };
  const blank = rows().pop().cloneNode(true);
  const isFaulty = (row) => row.querySelector(".lc-error-line"); // a fault is never taken away
  rows().forEach((row) => (isBlank(row) && !isFaulty(row) ? row.remove() : furnish(row)));
  const added = () => {
    const row = furnish(blank.cloneNode(true));
    add.before(row);
    return row;
  };
  // Files bear the number of their row in their names: what is left empty is not sent.
  list.closest("form")?.addEventListener("submit", () => rows().forEach((row, place) => {
    row.querySelectorAll("[data-numbered]").forEach((input) => { input.name = `${input.dataset.numbered}_${place}`; });
  }));
  const add = button(`+ ${list.dataset.repeat}`, () => inputs(added())[0].focus());
  list.append(add);
  if ("first" in list.dataset && !rows().length) added();
};

// What other inputs' choices make needless is not shown: data-when="period:rolling", "kind:a,b cost:fixed".
const showWhen = (box) => {
  const form = box.closest("form");
  const needs = box.dataset.when.split(" ").map((need) => {
    const [name, values] = need.split(":");
    return [form.querySelector(`[name=${name}]`), values.split(",")];
  });
  const choose = () => {
    const isNeeded = needs.every(([other, values]) => values.includes(other.value));
    box.hidden = !isNeeded && !box.querySelector(".lc-error-line"); // a fault is never hidden
  };
  needs.forEach(([other]) => other.addEventListener("change", choose));
  choose();
};

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-repeat]").forEach(repeat);
  document.querySelectorAll("[data-when]").forEach(showWhen);
});
// A row that a page's own script has added.
document.addEventListener("lc:added", (event) => event.target.querySelectorAll("[data-when]").forEach(showWhen));

// One box ticks all of its form's; without scripts it would do nothing, so it is shown by this one.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-tick-all]").forEach((box) => { box.closest("label").hidden = false; });
});
document.addEventListener("change", (event) => {
  if (!("tickAll" in event.target.dataset)) return;
  event.target.form.querySelectorAll("input[type=checkbox][name]").forEach((box) => { box.checked = event.target.checked; });
});

// On a phone a list's cells carry their headers, which begin with a capital letter as they do above a table.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("#result_list [data-label]").forEach((cell) => {
    const label = cell.dataset.label;
    cell.dataset.label = label.charAt(0).toUpperCase() + label.slice(1);
  });
});
