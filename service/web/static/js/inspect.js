// For translators: finds the texts of the page by the list that came with it, and shows a text's message in a panel.
// A text is found by what it says; where two messages say the same, both are offered.
const panel = document.getElementById("inspect-panel");
const body = panel?.querySelector(".inspect-body");
const point = document.querySelector("[data-inspect-point]");
const ATTRIBUTES = ["placeholder", "alt", "aria-label", "title"];
const OWN = ".inspect-bar, .inspect-panel, script, style, template";

const plain = (text) => text.replace(/\s+/g, " ").trim();
const pointing = () => point.getAttribute("aria-pressed") === "true";

function mark(list) {
  document.querySelectorAll("[data-texts]").forEach((one) => one.removeAttribute("data-texts"));
  const ids = new Map();
  for (const { id, text } of list) ids.set(text, [...(ids.get(text) ?? []), id]);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT, (one) => (one.matches(OWN) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  for (let one = walker.nextNode(); one; one = walker.nextNode()) {
    const found = new Set();
    const add = (text) => ids.get(plain(text))?.forEach((id) => found.add(id));
    for (const child of one.childNodes) if (child.nodeType === Node.TEXT_NODE && child.data.trim()) add(child.data);
    // A sentence with tags in it, or with values in tags of their own.
    if (!found.size && one.childElementCount && one.childElementCount < 20) add(one.textContent);
    for (const name of ATTRIBUTES) if (one.hasAttribute(name)) add(one.getAttribute(name));
    if (found.size) one.dataset.texts = [...found].join(" ");
  }
}

// A mail in a frame: texts as they were looked up, with placeholders, tokens and Markdown in them; several may share a line.
function markFrame(frame, list) {
  const page = frame.contentDocument;
  if (!page?.body) return;
  const style = page.createElement("style");
  style.textContent = "[data-texts]:hover, .text-found { outline: 2px dashed #0b57d0; outline-offset: 2px; } [data-texts] { cursor: help; }";
  page.head.append(style);
  const known = list.map(({ id, text }) => [id, pattern(text)]).filter(([, found]) => found);
  for (const one of page.querySelectorAll("p, li, h1, h2, h3, td, th, a, span, div")) {
    if (one.querySelector("p, li, h1, h2, h3, td, div, table")) continue;
    const words = plain(one.textContent);
    const ids = known.filter(([, found]) => found.test(words)).map(([id]) => id);
    if (words && ids.length) one.dataset.texts = ids.join(" ");
  }
  page.addEventListener(
    "click",
    (event) => {
      const marked = event.target.closest("[data-texts]");
      if (!marked || !pointing() || event.altKey) return;
      event.preventDefault();
      open(marked.dataset.texts.split(" "));
    },
    true,
  );
  find(page);
}

const VALUE = /%\(\w+\)[sd]?|\{[^{}]*\}/;

function pattern(text) {
  const shown = plain(text.replace(/\*\*|`/g, "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"));
  const parts = shown.split(VALUE).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return parts.join("").length > 1 ? new RegExp(parts.join(".*?"), "u") : null;
}

// The text that the address names, as `#text-…`: shown in the page, or in the list where it has no place of its own.
function find(where) {
  const id = location.hash.match(/^#text-([0-9a-f]{12})$/)?.[1];
  if (!id) return;
  const shown = [...where.querySelectorAll(`[data-texts~="${id}"]`)].filter((one) => one.checkVisibility());
  const found = shown.find((one) => one.closest("main")) ?? shown[0];
  if (found) {
    document.querySelector("[data-inspect-missing]").hidden = true;
    found.classList.add("text-found");
    found.scrollIntoView({ block: "center" });
  } else if (where === document) {
    const listed = document.querySelector(`#inspect-list a[data-text="${id}"]`);
    document.querySelector("[data-inspect-missing]").hidden = Boolean(listed);
    if (!listed) return;
    document.getElementById("inspect-list").open = true;
    listed.classList.add("text-found");
    listed.focus();
  }
}

async function open(ids) {
  await show(await fetch(address(ids[0]), { credentials: "same-origin" }));
  if (ids.length > 1) {
    const others = document.createElement("p");
    others.append(body.dataset.same, " ");
    ids.forEach((id, at) => {
      const link = Object.assign(document.createElement("a"), { href: address(id), textContent: String(at + 1) });
      link.dataset.text = id;
      others.append(link, " ");
    });
    body.prepend(others);
  }
}

const address = (id) => document.querySelector(`#inspect-list a[data-text="${id}"]`)?.href ?? location.href;

async function show(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const message = page.getElementById("message");
  if (!message) return location.assign(answer.url);
  body.replaceChildren(message);
  if (!panel.open) panel.showModal();
  const said = body.querySelector("[role=alert], [role=status]")?.closest(".side");
  if (said) said.scrollIntoView({ block: "start" });
}

if (panel) {
  const texts = JSON.parse(document.getElementById("page-texts").textContent);
  mark(texts);
  find(document);
  for (const frame of document.querySelectorAll("iframe.mail-frame")) {
    frame.addEventListener("load", () => markFrame(frame, texts));
    if (frame.contentDocument?.readyState === "complete") markFrame(frame, texts);
  }
  point.hidden = false;
  if (sessionStorage.getItem("inspect") === "off") point.setAttribute("aria-pressed", "false");
  document.documentElement.classList.toggle("inspecting", pointing());
  point.addEventListener("click", () => {
    point.setAttribute("aria-pressed", String(!pointing()));
    sessionStorage.setItem("inspect", pointing() ? "on" : "off");
    document.documentElement.classList.toggle("inspecting", pointing());
  });

  // Enter on a focused link is a click as well.
  document.addEventListener(
    "click",
    (event) => {
      const listed = event.target.closest("a[data-text]");
      const marked = !event.target.closest(OWN) && pointing() && event.target.closest("[data-texts]");
      if ((!listed && !marked) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      open(listed ? [listed.dataset.text] : marked.dataset.texts.split(" "));
    },
    true,
  );
  panel.querySelector("[data-close]").addEventListener("click", () => panel.close());
  body.addEventListener("submit", async (event) => {
    if (event.target.matches("[data-leaves]")) return;
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    await show(await fetch(form.action, { method: "post", body: new FormData(form), credentials: "same-origin", headers: { "X-Fragment": "message" } }));
  });
  addEventListener("texts-renewed", (event) => {
    const renewed = event.detail.getElementById("page-texts");
    if (renewed) mark(JSON.parse(renewed.textContent));
  });
}
