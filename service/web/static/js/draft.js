// What is written to a partner is kept while it is typed, and the page says which language it takes it for.
const PAUSE = 800;

const form = document.querySelector("form[data-draft]");
const told = form?.querySelector("[data-draft-told]");
const recognized = form?.querySelector("[data-recognized]");
let kept = form?.elements.body.value;
let timer;
let leaving = false;

async function keep(keepalive = false) {
  clearTimeout(timer);
  const body = form.elements.body.value;
  if (body === kept || leaving) return;
  const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { Accept: "application/json" }, keepalive });
  if (!answer.ok || answer.redirected) return;
  kept = body;
  const news = await answer.json();
  told.textContent = news.told;
  form.elements.body.lang = news.lang;
  recognized.hidden = !news.recognized || Boolean(form.elements.lang.value);
  recognized.textContent = news.recognized;
}

if (form) {
  // The button is for browsers without scripts.
  form.querySelector("[data-save]").hidden = true;
  form.addEventListener("input", () => {
    told.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(() => keep().catch(() => {}), PAUSE);
  });
  form.elements.lang.addEventListener("change", () => (recognized.hidden = Boolean(form.elements.lang.value)));
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("pagehide", () => keep(true).catch(() => {}));
  form.elements.body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector("button[type=submit]:not([formaction])"));
  });
}
