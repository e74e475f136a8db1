/* The only way in which text becomes markup here: parts of pages that the console's own server has drawn, escaped. */
"use strict";

globalThis.lcMarkup = (() => {
  // The browser lets no other script turn text into markup (require-trusted-types-for in the page's policy).
  const policy = globalThis.trustedTypes?.createPolicy("console", { createHTML: (markup) => markup });
  const draw = (box, markup) => { box.innerHTML = policy ? policy.createHTML(markup) : markup; };
  return Object.freeze({ draw });
})();
