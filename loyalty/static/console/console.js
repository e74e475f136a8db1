/* Small manners of the console's own pages: ask before what hurts, send a form once, copy a secret. */
"use strict";

// A form says in which environment it was opened: another tab may have switched since.
const bar = document.querySelector("[data-environment]");
document.addEventListener("formdata", (event) => {
  if (bar) event.formData.set("_environment", bar.dataset.environment);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter && event.submitter.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
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
  document.querySelectorAll("details.lc-switch[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.lc-switch[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});
