// Rows with checkboxes: the count in the selection bar, the checkbox for the page, ranges with Shift.
const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(language);
const plural = new Intl.PluralRules(language);

// The server wrote the words for 1 and for 2; the digits are ours.
function words(output, count) {
  const form = plural.select(count) === "one" ? output.dataset.one.replace("1", "\u0000") : output.dataset.other.replace("2", "\u0000");
  return form.replace("\u0000", numbers.format(count));
}

for (const form of document.querySelectorAll("[data-selectable]")) {
  const rows = [...form.querySelectorAll(".row-check")];
  const output = form.querySelector("[data-selection-count]");
  const page = form.querySelector("[data-select-page]");
  const all = page?.querySelector("input");
  let last = null;

  const count = () => {
    const chosen = rows.filter((row) => row.checked).length;
    if (output) {
      const total = chosen + Number(output.dataset.kept || 0);
      if (total) output.textContent = words(output, total);
    }
    if (all) {
      all.checked = chosen > 0 && chosen === rows.length;
      all.indeterminate = chosen > 0 && chosen < rows.length;
    }
  };

  if (page && rows.length) page.hidden = false;
  all?.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    count();
  });
  for (const row of rows) {
    row.addEventListener("click", (event) => {
      if (event.shiftKey && last) {
        const [from, to] = [rows.indexOf(last), rows.indexOf(row)].sort((a, b) => a - b);
        for (const between of rows.slice(from, to + 1)) between.checked = row.checked;
      }
      last = row;
    });
    row.addEventListener("change", count);
  }
  // The browser may bring ticks back after this ran.
  addEventListener("pageshow", count);
  count();
}
