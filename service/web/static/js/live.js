// For translators: when a catalog changes, this page is fetched again and its texts change in place.
import { patch, remember } from "./patch.js";
import { watch } from "./watch.js";

const asked = document.querySelector("meta[name=catalogs]");
let sent = remember();
let version = asked?.dataset.version;

async function look() {
  const answer = await fetch(asked.content, { credentials: "omit", cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  if ((await answer.text()) === version) return false;
  const again = await fetch(location.href, { credentials: "same-origin", cache: "no-store", headers: { Accept: "text/html" } });
  if (again.redirected || !again.headers.get("Content-Type")?.startsWith("text/html")) throw new Error("not this page");
  const fresh = new DOMParser().parseFromString(await again.text(), "text/html");
  const known = fresh.querySelector("meta[name=catalogs]")?.dataset.version;
  if (!known) throw new Error("followed no more");
  version = known;
  patch(sent, fresh.documentElement);
  sent = fresh.documentElement;
  dispatchEvent(new CustomEvent("texts-renewed", { detail: fresh }));
  return true;
}

if (asked) watch(look);
