// "/" goes to the search field, "?" to the help.
const typing = (element) =>
  element?.isContentEditable || element?.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "/") {
    const search = document.querySelector("[data-search], main input[type=search], input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select?.();
  } else if (event.key === "?") {
    const help = document.querySelector("[data-help], .footer a[href*='/help/']");
    if (help) location.assign(help.href);
  }
});
