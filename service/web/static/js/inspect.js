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
