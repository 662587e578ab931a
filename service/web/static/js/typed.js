// What is typed outlives an answer that does not take it, a change of the language, and a page loaded again.
//
// It is kept in this tab alone, until a form is taken or its fields have it back. Never kept are passwords, codes and
// files, forms with data-draft (the server keeps those), and anything once somebody signs out or is somebody else.
//
// [data-not-taken]            on the page that says why a form was not taken
// [data-typed-kept]           hidden there until something is kept
// <template data-typed-back>  goes to the top of the form whose fields have it back
const KEY = "typed";
const WORDS = ["text", "email", "url", "search", "tel", "number", "date", "datetime-local", "textarea"];
const CHOICES = ["checkbox", "radio", "select-one"];
// By these a form says what it was filled with: somebody who changed the same meanwhile is not overwritten.
const FILLED_WITH = ["based_on", "before", "seen", "version"];

const reader = document.body.dataset.reader ?? "";
let left = false;

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function write(kept) {
  try {
    if (kept) sessionStorage.setItem(KEY, JSON.stringify(kept));
    else sessionStorage.removeItem(KEY);
  } catch {
    // A tab that keeps nothing works as it does without this script.
  }
}

const ticks = (field) => field.type === "checkbox" || field.type === "radio";

const fillsIn = (field) => field.type === "hidden" && FILLED_WITH.includes(field.name);

function isChanged(field) {
  if (ticks(field)) return field.checked !== field.defaultChecked;
  if (field.type !== "select-one") return field.value !== field.defaultValue;
  return field.value !== ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value;
}

// Not form.action: a control of that name hides it.
const addressOf = (form) => new URL(form.getAttribute("action") ?? "", location.href).pathname;

function formsHere() {
  const found = new Map();
  for (const form of document.querySelectorAll("main form[method=post]:not([data-draft])")) {
    if (form.querySelector("[type=password], [autocomplete=one-time-code]")) continue;
    const action = addressOf(form).replace(/^\/[^/]+/, "");
    let nth = 0;
    while (found.has(`${action} ${nth}`)) nth += 1;
    found.set(`${action} ${nth}`, form);
  }
  return found;
}

function fieldsOf(form) {
  const found = new Map();
  for (const field of form.elements) {
    if (!field.name || ![...WORDS, ...CHOICES].includes(field.type) && !fillsIn(field)) continue;
    let nth = 0;
    while (found.has(`${field.name} ${nth}`)) nth += 1;
    found.set(`${field.name} ${nth}`, field);
  }
  return found;
}

function keep(state, only = null) {
  const forms = [];
  for (const [key, form] of formsHere()) {
    const fields = [...fieldsOf(form)];
    if ((only && form !== only) || !fields.some(([, field]) => WORDS.includes(field.type) && isChanged(field))) continue;
    const kept = fields.filter(([, field]) => fillsIn(field) || isChanged(field));
    forms.push([key, kept.map(([name, field]) => [name, ticks(field) ? field.checked : field.value])]);
  }
  if (forms.length) write({ reader, state, forms });
  return forms.length > 0;
}

function giveBack(forms) {
  const here = formsHere();
  let given = null;
  for (const [key, typed] of forms) {
    const fields = here.has(key) ? fieldsOf(here.get(key)) : new Map();
    for (const [name, value] of typed) {
      const field = fields.get(name);
      if (!field || isChanged(field)) continue;
      if (ticks(field)) field.checked = value;
      else field.value = value;
      if (fillsIn(field)) continue;
      field.closest("details")?.setAttribute("open", "");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
      given ??= here.get(key);
    }
  }
  if (!given) return false;
  given.prepend(document.querySelector("template[data-typed-back]").content.cloneNode(true));
  const told = given.firstElementChild;
  if (told.getBoundingClientRect().bottom > innerHeight) told.scrollIntoView({ block: "center" });
  return true;
}

function arrive() {
  const kept = read();
  if (!kept) return;
  const refusal = document.querySelector("[data-not-taken]");
  if (refusal) {
    if (kept.state === "sent") write({ ...kept, state: "lost" });
    for (const words of refusal.querySelectorAll("[data-typed-kept]")) words.hidden = kept.state === "open";
    return;
  }
  if (kept.reader && reader && kept.reader !== reader) {
    write(null);
    return;
  }
  const [how] = performance.getEntriesByType("navigation");
  const again = kept.state === "open" && ["reload", "back_forward"].includes(how?.type);
  if (((kept.state === "lost" || again) && giveBack(kept.forms)) || kept.state === "sent") write(null);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.target) return;
  if (addressOf(form).endsWith("/sign-out")) write(null);
  else if (form.closest("[data-not-taken]")) write({ ...read(), state: "sent" });
  else if (form.closest("main") && !keep("sent", form) && read()?.state !== "lost") write(null);
  left = true;
});
document.addEventListener("click", (event) => {
  if (event.target.closest("a[hreflang]") && keep("lost")) left = true;
});
addEventListener("pagehide", () => {
  if (!left && read()?.state !== "lost") keep("open");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) left = false;
});
arrive();
