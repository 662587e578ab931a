// For writers: a help page with data-follow="URL" asks whether it has changed, and shows what was saved in place.
// The address answers with the version in a few bytes, or with what is new; it needs nobody to be signed in, so it may
// be asked often.
import { watch } from "./watch.js";

async function look() {
  const page = document.getElementById("help-page");
  if (!page?.dataset.follow) return false;
  const address = new URL(page.dataset.follow, location.href);
  address.searchParams.set("since", page.dataset.version);
  // Several languages with their findings are for writers alone; one page is for anyone.
  const credentials = page.matches(".help-columns") ? "same-origin" : "omit";
  const answer = await fetch(address, { credentials, cache: "no-store" });
  return answer.ok && answer.headers.get("Content-Type")?.startsWith("text/html") && renew(page, await answer.text());
}

function renew(page, text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const next = fresh.getElementById("help-page");
  if (!next) return false;
  const known = new Set([...page.querySelectorAll(".prose > *")].map((block) => block.outerHTML));
  for (const block of next.querySelectorAll(".prose > *")) {
    if (!known.has(block.outerHTML)) block.classList.add("changed");
  }
  const scrolled = [...page.querySelectorAll(".help-column")].map((column) => column.scrollTop);
  page.replaceWith(next);
  next.querySelectorAll(".help-column").forEach((column, at) => (column.scrollTop = scrolled[at] ?? 0));
  const first = next.querySelector(".changed");
  const box = first?.getBoundingClientRect();
  if (box && (box.bottom < 0 || box.top > innerHeight)) first.scrollIntoView({ block: "center" });
  const contents = fresh.getElementById("help-contents-nav");
  if (contents) document.getElementById("help-contents-nav")?.replaceWith(contents);
  dispatchEvent(new CustomEvent("page-renewed"));
  setTimeout(() => next.querySelectorAll(".changed").forEach((block) => block.classList.remove("changed")), 2000);
  return true;
}

watch(look);
