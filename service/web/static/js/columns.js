// Pages side by side scroll together: what stands on top of one column stands on top of the others, found by its
// heading, which has the same name in every language.
const HEADINGS = "[data-id]";
let leader = null;

function follow(column) {
  const places = (one) => new Map([...one.querySelectorAll(HEADINGS)].map((heading) => [heading.dataset.id, heading.offsetTop]));
  const own = [...places(column)];
  const top = column.scrollTop + 40;
  let at = own.findLastIndex(([, offset]) => offset <= top);
  at = Math.max(at, 0);
  if (!own.length) return;
  const [name, start] = own[at];
  const end = own[at + 1]?.[1] ?? column.scrollHeight;
  const share = end > start ? (top - start) / (end - start) : 0;
  for (const other of column.parentElement.querySelectorAll(".help-column")) {
    if (other === column) continue;
    const theirs = [...places(other)];
    const found = theirs.findIndex(([id]) => id === name);
    if (found < 0) continue;
    const from = theirs[found][1];
    const to = theirs[found + 1]?.[1] ?? other.scrollHeight;
    other.scrollTop = column.scrollTop ? from + share * (to - from) - 40 : 0;
  }
}

// The column under the pointer or with the focus leads; the others are moved by it and do not lead back.
for (const kind of ["pointerover", "focusin", "touchstart", "wheel"]) {
  document.addEventListener(kind, (event) => (leader = event.target.closest?.(".help-column") ?? leader), { passive: true });
}
document.addEventListener(
  "scroll",
  (event) => {
    const column = event.target.closest?.(".help-column");
    if (column && (!leader?.isConnected || column === leader)) requestAnimationFrame(() => follow(column));
  },
  { capture: true, passive: true },
);
