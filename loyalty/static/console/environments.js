/* The environment switcher: arrow keys among the choices, and a search where they are many. */
"use strict";

(() => {
  const MANY = 6; // choices that can be seen at once

  const start = () => {
    const menu = document.querySelector("[data-environments]");
    if (!menu) return;
    const search = menu.querySelector("input[type=search]");
    const note = menu.querySelector("[role=status]");
    const choices = [...menu.querySelectorAll("button[name=environment]")];
    const shown = () => choices.filter((choice) => !choice.hidden);
    const isMany = choices.length > MANY;
    search.hidden = !isMany;

    search.addEventListener("input", () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      choices.forEach((choice) => {
        const text = choice.textContent.toLowerCase();
        choice.hidden = !words.every((word) => text.includes(word));
      });
      note.textContent = words.length ? `${shown().length} of ${choices.length}` : "";
    });

    menu.addEventListener("keydown", (event) => {
      const places = [...(isMany ? [search] : []), ...shown()];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        const place = places.indexOf(document.activeElement);
        places[(place + step + places.length) % places.length].focus();
      } else if (event.key === "Enter" && event.target === search) {
        event.preventDefault(); // else the browser would press the first choice, shown or not
        if (search.value.trim()) shown()[0]?.click();
      }
    });

    menu.addEventListener("toggle", () => {
      const isReached = [search, ...choices].includes(document.activeElement); // by a faster hand than this event
      if (menu.open && !isReached) (isMany ? search : shown().find((choice) => choice.ariaCurrent) ?? shown()[0])?.focus();
      else if (!menu.open && search.value) {
        search.value = "";
        search.dispatchEvent(new Event("input"));
      }
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
