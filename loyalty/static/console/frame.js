/* The frame of every page: sidebar, menus, light or dark, questions before what hurts, forms left unsaved. */
"use strict";

(() => {
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window */ } };

  // -- the sidebar: a column that can be put away, or a drawer where the screen is narrow

  const narrow = window.matchMedia("(max-width: 1199px)");
  const root = document.documentElement;
  const drawer = () => document.getElementById("lc-sidebar");
  const opener = () => document.querySelector("[data-drawer]");

  const isOpen = () => (narrow.matches ? root.classList.contains("lc-drawer-open") : !root.classList.contains("lc-sidebar-closed"));

  /** Says to screen readers how it stands; behind an open drawer nothing can be reached. */
  const tell = () => {
    if (!drawer()) return;
    const isOver = narrow.matches && isOpen();
    opener()?.setAttribute("aria-expanded", isOpen());
    drawer().inert = narrow.matches && !isOpen();
    document.querySelector(".lc-main-column").inert = isOver;
    document.querySelector(".lc-shade").hidden = !isOver;
  };

  const openDrawer = () => {
    root.classList.add("lc-drawer-open");
    tell();
    drawer().querySelector("[data-drawer-close]").focus();
  };

  const closeDrawer = () => {
    if (!root.classList.contains("lc-drawer-open")) return;
    root.classList.remove("lc-drawer-open");
    tell();
    opener()?.focus();
  };

  const pressed = () => {
    if (narrow.matches) return isOpen() ? closeDrawer() : openDrawer();
    root.classList.toggle("lc-sidebar-closed");
    remember("sidebarDesktopOpen", isOpen() ? "1" : "0");
    tell();
  };

  // -- menus: <details data-menu>, closed by Escape and by a press elsewhere

  const openMenus = () => [...document.querySelectorAll("details[data-menu][open]")];

  const closeMenus = (event) => openMenus().forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });

  /** Whether one was closed; the focus goes back to its button. */
  const escapeMenu = () => {
    const menu = openMenus().pop();
    if (!menu) return false;
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  };

  // -- light or dark

  const markTheme = () => {
    let chosen = "auto";
    try { chosen = (localStorage.getItem("adminTheme") || "auto").replaceAll('"', ""); } catch { /* private window */ }
    document.querySelectorAll("[data-theme]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.theme === chosen));
  };

  const choose = (theme) => {
    remember("adminTheme", theme);
    document.dispatchEvent(new Event("lc:theme"));
    markTheme();
  };

  // -- a question before what hurts: data-confirm on the pressed button

  const ask = (event) => {
    const button = event.submitter;
    if (!button?.dataset.confirm || button.dataset.agreed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById("lc-confirm");
    dialog.querySelector("p").textContent = button.dataset.confirm;
    dialog.querySelector("[value=yes]").textContent = button.textContent.trim() || "Yes";
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return button.focus();
      button.dataset.agreed = "1";
      event.target.requestSubmit(button);
      delete button.dataset.agreed;
    }, { once: true });
    dialog.showModal();
  };

  // -- what is typed and not sent: <form data-unsaved>

  let unsaved = null;
  const leave = (event) => { if (unsaved) event.preventDefault(); };

  document.addEventListener("submit", ask, true);
  document.addEventListener("submit", (event) => { if (event.target === unsaved) unsaved = null; });
  document.addEventListener("input", (event) => { unsaved = event.target.closest?.("form[data-unsaved]") ?? unsaved; });
  window.addEventListener("beforeunload", leave);

  document.addEventListener("click", (event) => {
    closeMenus(event);
    const theme = event.target.closest("[data-theme]");
    if (theme) choose(theme.dataset.theme);
    else if (event.target.closest("[data-drawer]")) pressed();
    else if (event.target.closest("[data-drawer-close]")) closeDrawer();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]") && !escapeMenu()) closeDrawer();
    const types = event.target.matches?.("input, textarea, select") || event.target.isContentEditable;
    const search = document.getElementById("searchbar");
    if (event.key === "/" && !types && search) {
      event.preventDefault();
      search.focus();
    }
  });

  const start = () => {
    narrow.addEventListener("change", tell);
    tell();
    markTheme();
    document.querySelector("[data-nav] [aria-current]")?.scrollIntoView({ block: "nearest" });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
