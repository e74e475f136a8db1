/* Before the first paint: light or dark, and whether the sidebar is shown, as chosen in this browser. */
"use strict";

(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const read = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  /** "light", "dark" or "auto"; the quotes are of consoles that stored it as JSON. */
  const chosen = () => (read("adminTheme") || "auto").replaceAll('"', "");
  const paint = () => {
    const isDark = chosen() === "dark" || (chosen() === "auto" && system.matches);
    root.classList.toggle("dark", isDark);
    root.classList.toggle("light", !isDark);
  };
  paint();
  system.addEventListener("change", paint);
  document.addEventListener("lc:theme", paint);
  root.classList.toggle("lc-sidebar-closed", read("sidebarDesktopOpen") === "0");
})();
