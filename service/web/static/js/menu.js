// Menus of details and summary: closed by Escape (focus goes back) and by a press outside.
const open = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  for (const menu of open()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});

document.addEventListener("pointerdown", (event) => {
  for (const menu of open()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Tabbing out of a menu closes it, except the drawer, which is a place of its own.
document.addEventListener("focusin", (event) => {
  for (const menu of open()) {
    if (!menu.classList.contains("drawer") && !menu.contains(event.target)) menu.open = false;
  }
});

// Arrow keys walk the entries of an open menu.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu || event.target.matches("input, select, textarea")) return;
  const entries = [...menu.querySelectorAll(".menu-panel :is(a, button)")];
  if (!entries.length) return;
  event.preventDefault();
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = entries.indexOf(document.activeElement);
  entries[(at + step + (at < 0 && step < 0 ? 1 : 0) + entries.length) % entries.length].focus();
});

// A menu that would run out of the window at the bottom opens upwards.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLDetailsElement) || !menu.classList.contains("menu")) return;
    if (!menu.open) {
      if (menu.dataset.turned !== undefined) menu.classList.remove("menu-up");
      delete menu.dataset.turned;
      return;
    }
    const panel = menu.querySelector(".menu-panel")?.getBoundingClientRect();
    if (panel && panel.bottom > innerHeight && menu.getBoundingClientRect().top > panel.height + 8) {
      menu.classList.add("menu-up");
      menu.dataset.turned = "";
    }
  },
  true,
);

// The error summary takes the focus, so that it is read first.
document.querySelector("[data-focus]")?.focus();
