// An open page of the inbox learns of new messages by itself. It asks a small address whether anything has changed and
// then fetches what the server would show now; rows and messages change in place. The message being written, the focus,
// an open form and the place scrolled to stay as they are.
const SOON = 1500;
const LATER = 6000;
const LONGEST = 30000;
const RESTING = 5 * 60 * 1000;

const page = document.querySelector(".inbox[data-news]");
const voice = document.createElement("p");
voice.className = "visually-hidden";
voice.setAttribute("role", "status");

let version = page?.dataset.version;
let changedAt = Date.now();
let failures = 0;
let timer;

async function ask() {
  clearTimeout(timer);
  // A page that nobody sees asks nothing; it catches up when it is shown.
  if (document.hidden) return;
  try {
    const answer = await fetch(page.dataset.news, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (answer.redirected || answer.status === 401) return; // signed out: the next press says so
    if (!answer.ok) throw new Error(String(answer.status));
    const news = await answer.json();
    if (news.version !== version) version = (await renew()) ? news.version : "";
    failures = 0;
  } catch {
    failures += 1;
  }
  const pause = Date.now() - changedAt < RESTING ? SOON : LATER;
  timer = setTimeout(ask, Math.min((version ? pause : LATER) * 2 ** failures, LONGEST));
}

// Returns whether everything could be put in place; what somebody is at has to wait.
async function renew() {
  const answer = await fetch(location.href, { credentials: "same-origin", headers: { "X-Fragment": "inbox", Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-version]");
  if (!fresh) throw new Error("not the inbox");
  changedAt = Date.now();
  const told = [];
  const before = document.getElementById("inbox-told");
  const now = fresh.querySelector("#inbox-told");
  const more = before && now && Number(now.dataset.unread) > Number(before.dataset.unread);
  document.title = fresh.dataset.title;
  const done = [
    whole("inbox-count", fresh),
    whole("thread-marks", fresh),
    rows(fresh),
    list("messages", fresh, (come) => come.dataset.arrival && told.push(come.dataset.arrival)),
  ];
  if (more && !told.length) told.push(now.textContent);
  const upto = document.getElementById("upto");
  if (upto) upto.value = fresh.querySelector("#upto").value;
  if (told.length) voice.textContent = told.join(". ");
  markRead();
  return done.every(Boolean);
}

const words = (element) => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("input[name=csrf_token]").forEach((token) => token.remove());
  return copy.className + copy.innerHTML;
};
const same = (mine, next) => mine.hidden === next.hidden && words(mine) === words(next);
const busy = (element) => element.contains(document.activeElement) || element.querySelector("details[open]");

function whole(id, fresh) {
  const mine = document.getElementById(id);
  const next = fresh.querySelector(`#${id}`);
  if (!mine || !next || same(mine, next)) return true;
  if (busy(mine)) return false;
  mine.replaceWith(next);
  return true;
}

// The list of threads is put in order row by row, so that the row in focus stays where the reader is.
function rows(fresh) {
  const mine = document.getElementById("inbox-rows");
  const next = fresh.querySelector("#inbox-rows");
  if (!mine || !next) return true;
  const both = mine.querySelector("#threads") && next.querySelector("#threads");
  if (!both) return whole("inbox-rows", fresh);
  mine.querySelector("#inbox-told").replaceWith(next.querySelector("#inbox-told"));
  return list("threads", fresh);
}

function list(id, fresh, arrived) {
  const mine = document.getElementById(id);
  const next = fresh.querySelector(`#${id}`);
  if (!mine || !next) return true;
  let done = true;
  const known = new Map([...mine.children].map((child) => [child.id, child]));
  const wanted = [...next.children].map((come) => {
    const old = known.get(come.id);
    known.delete(come.id);
    if (!old) {
      come.classList.add("arrived");
      arrived?.(come);
      return come;
    }
    if (same(old, come)) return old;
    const link = old.querySelector(":scope > a");
    if (link) {
      old.className = come.className;
      link.innerHTML = come.querySelector(":scope > a").innerHTML;
    } else if (busy(old)) done = false;
    else {
      old.replaceWith(come);
      return come;
    }
    return old;
  });
  for (const gone of known.values()) {
    if (gone.contains(document.activeElement)) done = false;
    else gone.remove();
  }
  // What holds the focus is never moved: the others are laid around it.
  const fixed = wanted.find((one) => one.contains(document.activeElement));
  const at = wanted.indexOf(fixed);
  wanted.forEach((one, place) => {
    if (place < at) mine.insertBefore(one, fixed);
    else if (one !== fixed && mine.lastElementChild !== one) mine.append(one);
  });
  return done;
}

// Who looks at a thread has read it. Looking is a GET and changes nothing, so the page says it with a form of its own.
function markRead() {
  const form = document.querySelector("form[data-mark-read]");
  if (!form || document.hidden || !document.hasFocus() || form.dataset.sent !== undefined) return;
  form.dataset.sent = "";
  fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { Accept: "application/json" } }).then(
    (answer) => answer.ok && ask(),
    () => delete form.dataset.sent,
  );
}

// On a phone the page is long: it begins where the newest message is. In a box of its own that is the case already.
function toNewest() {
  const newest = document.querySelector("#messages > li:last-child");
  if (!newest || location.hash || document.querySelector("[data-focus]")) return;
  const box = newest.closest(".messages");
  if (box.scrollHeight <= box.clientHeight + 1) newest.scrollIntoView({ block: "center" });
}

toNewest();
markRead();
if (page) {
  document.body.append(voice);
  document.addEventListener("visibilitychange", () => !document.hidden && ask());
  addEventListener("focus", markRead);
  document.addEventListener("input", () => (changedAt = Date.now()));
  timer = setTimeout(ask, SOON);
}
