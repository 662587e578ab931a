// Brings a page up to date in place: what the server sent before is compared with what it sends now, and only the
// differences reach the page. What scripts and readers did to the page meanwhile (a menu open, a field half
// written, the place scrolled to) is never compared, so it stays.
const TEXTS = ["title", "alt", "placeholder", "aria-label", "aria-description", "aria-valuetext", "label", "content"];

// From a node as it was sent to the node that shows it.
const shownOf = new WeakMap();

// Remember a page, or a part of one, as it was sent. To be called before any script changes it.
export function remember(shown = document.documentElement) {
  const sent = shown.cloneNode(true);
  link(sent, shown);
  return sent;
}

function link(sent, shown) {
  shownOf.set(sent, shown);
  sent.childNodes.forEach((child, at) => link(child, shown.childNodes[at]));
}

export function patch(before, after) {
  const shown = shownOf.get(before);
  if (!shown) return;
  shownOf.set(after, shown);
  if (before.nodeType !== Node.ELEMENT_NODE) {
    if (before.data !== after.data && shown.data === before.data) shown.data = after.data;
    return;
  }
  // What a script renews by itself has its own way; a form that somebody is at keeps what it was opened with.
  if (before.hasAttribute("data-poll") || before.hasAttribute("data-follow")) return;
  if (before.hasAttribute("data-whole")) return whole(before, after, shown);
  for (const { name, value } of after.attributes) {
    if (value !== before.getAttribute(name) && (TEXTS.includes(name) || name.startsWith("data-"))) shown.setAttribute(name, value);
  }
  if (before.nodeName !== "TEXTAREA") children(before, after, shown);
}

function whole(before, after, shown) {
  if (before.isEqualNode(after)) return shownOf.set(after, shown);
  const touched = [...shown.elements].some((one) => (one.type === "checkbox" ? one.checked !== one.defaultChecked : "defaultValue" in one && one.value !== one.defaultValue));
  if (touched || shown.contains(document.activeElement)) return;
  shown.replaceWith(copyOf(after));
}

function children(before, after, shown) {
  const old = [...before.childNodes];
  const fresh = [...after.childNodes];
  let first = 0;
  while (first < old.length && first < fresh.length && alike(old[first], fresh[first])) first += 1;
  let last = 0;
  while (last < old.length - first && last < fresh.length - first && alike(old.at(-1 - last), fresh.at(-1 - last))) last += 1;
  for (let at = 0; at < first; at += 1) patch(old[at], fresh[at]);
  for (let at = 1; at <= last; at += 1) patch(old.at(-at), fresh.at(-at));
  const gone = old.slice(first, old.length - last);
  const come = fresh.slice(first, fresh.length - last);
  if (!gone.length && !come.length) return;
  const places = gone.map((one) => shownOf.get(one)).filter((one) => one?.parentNode === shown);
  if (places.some((one) => one.contains(document.activeElement))) return;
  const next = last ? shownOf.get(old.at(-last)) : null;
  for (const one of come) shown.insertBefore(copyOf(one), next?.parentNode === shown ? next : null);
  for (const one of places) one.remove();
}

function alike(one, other) {
  return one.nodeName === other.nodeName && (one.nodeType !== Node.ELEMENT_NODE || (one.id === other.id && one.className === other.className));
}

function copyOf(sent) {
  const shown = document.importNode(sent, true);
  link(sent, shown);
  return shown;
}
