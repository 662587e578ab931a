// For writers: a help page with data-follow="URL" asks whether it has changed, and shows what was saved in place.
// The address names the version of the page in a few bytes and needs nobody to be signed in, so it may be asked often.
const SOON = 50;
const LATER = 1000;
const RESTING = 10 * 60 * 1000;

const region = () => document.getElementById("help-page");
let changedAt = Date.now();

async function look() {
  const page = region();
  if (!page?.dataset.follow) return;
  try {
    if (!document.hidden) {
      const answer = await fetch(page.dataset.follow, { credentials: "omit", cache: "no-store" });
      if (answer.ok && (await answer.text()) !== page.dataset.version) await renew(page);
    }
  } catch {
    changedAt = 0; // the service is away: ask less often until something changes again
  }
  setTimeout(look, Date.now() - changedAt < RESTING ? SOON : LATER);
}

async function renew(page) {
  const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.getElementById("help-page");
  if (!next) return;
  changedAt = Date.now();
  const known = new Set([...(page.querySelector(".prose")?.children ?? [])].map((block) => block.outerHTML));
  for (const block of next.querySelector(".prose")?.children ?? []) {
    if (!known.has(block.outerHTML)) block.classList.add("changed");
  }
  page.replaceWith(next);
  const first = next.querySelector(".changed");
  const box = first?.getBoundingClientRect();
  if (box && (box.bottom < 0 || box.top > innerHeight)) first.scrollIntoView({ block: "center" });
  document.querySelector(".help-aside")?.replaceWith(fresh.querySelector(".help-aside"));
  dispatchEvent(new CustomEvent("page-renewed"));
  setTimeout(() => next.querySelectorAll(".changed").forEach((block) => block.classList.remove("changed")), 2000);
}

look();
