// On paper nothing is folded or behind a tab: all of it is opened for printing, and put back after it.
let folded = [];
let covered = [];

addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll(".prose details:not([open])")];
  covered = [...document.querySelectorAll(".prose .tab-panel[hidden]")];
  for (const details of folded) details.open = true;
  for (const panel of covered) panel.hidden = false;
});

addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
  for (const panel of covered) panel.hidden = true;
  folded = covered = [];
});
