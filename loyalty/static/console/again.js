/* A page whose work still goes on looks again by itself, and does not pull anything from under the reader: while it
   goes on only its progress is drawn anew, when it has ended the content, unless somebody is at work in it. */
"use strict";

(() => {
  const EVERY = 2000; // milliseconds
  const progress = (root) => root.querySelector("[data-goes-on]");

  /** The page as the server would draw it now; nothing where it can't be had, the log-in has ended for example. */
  const drawn = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return null;
    const page = document.createElement("template");
    lcMarkup.draw(page, await answer.text());
    return page.content;
  };

  const look = async () => {
    const page = document.hidden ? null : await drawn().catch(() => null);
    const now = page && progress(page);
    const content = document.getElementById("content");
    if (now) progress(document).replaceWith(now);
    else if (page && !content.contains(document.activeElement)) {
      content.replaceChildren(...page.getElementById("content").childNodes);
      return;
    }
    setTimeout(look, EVERY);
  };

  if (progress(document)) setTimeout(look, EVERY);
})();
