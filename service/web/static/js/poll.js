// A region with data-poll="URL" is fetched again every two seconds until what comes back has data-done; then the
// page is loaded anew, because what stands around the region (its buttons, its table) has changed as well.
// The answer is the region itself (same id), alone or within a page. Its element with data-announce is read
// out when its words change, at most every ten seconds and at the end.
// An element with an id and data-with="REGION" is renewed from the same answers, except while it holds the focus.
// data-every="MILLISECONDS" asks less often.
const PAUSE = 2000;
const SPEAK = 10000;

const voice = document.createElement("p");
voice.className = "visually-hidden";
voice.setAttribute("role", "status");

function follow(id, failures = 0, said = "", saidAt = 0) {
  const region = document.getElementById(id);
  if (!region || region.dataset.done !== undefined) return;
  const wait = Math.min((Number(region.dataset.every) || PAUSE) * 2 ** failures, 30000);
  setTimeout(async () => {
    // A hidden page asks nothing; it catches up when it is shown.
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => follow(id, 0, said, saidAt), { once: true });
      return;
    }
    // Nothing is taken from under the reader's hands.
    if (region.querySelector("details[open]") || region.matches(":has(:is(input, select, textarea):focus)")) {
      follow(id, 0, said, saidAt);
      return;
    }
    try {
      const answer = await fetch(region.dataset.poll, { headers: { "X-Fragment": id }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(id);
      if (!fresh) throw new Error("no region");
      const focus = document.activeElement?.id && region.contains(document.activeElement) ? document.activeElement.id : null;
      if (fresh.innerHTML !== region.innerHTML || fresh.dataset.done !== undefined) region.replaceWith(fresh);
      for (const old of document.querySelectorAll(`[data-with="${id}"]`)) {
        const renewed = page.getElementById(old.id);
        if (renewed && renewed.innerHTML !== old.innerHTML && !old.matches(":focus-within")) old.replaceWith(renewed);
      }
      if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
      const now = Date.now();
      const text = fresh.querySelector("[data-announce]")?.textContent.trim() ?? "";
      const done = fresh.dataset.done !== undefined;
      if (text && text !== said && (done || now - saidAt >= SPEAK)) {
        voice.textContent = text;
        said = text;
        saidAt = now;
      }
      if (done) location.reload();
      else follow(id, 0, said, saidAt);
    } catch {
      follow(id, failures + 1, said, saidAt);
    }
  }, wait);
}

const regions = document.querySelectorAll("[data-poll]:not([data-done])");
if (regions.length) document.body.append(voice);
for (const region of regions) follow(region.id);
