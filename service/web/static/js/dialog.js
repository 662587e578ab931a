// The slide-out takes the focus when it opens, and Escape follows its Close link.
const panel = document.querySelector("[data-slideout]");
const close = panel?.querySelector("[data-close]");

if (close) {
  close.focus({ preventScroll: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (document.querySelector("details[data-menu][open]") || event.target.matches("input, select, textarea")) return;
    location.assign(close.href);
  });
}
