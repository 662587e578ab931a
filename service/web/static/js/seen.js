// What stands on the screen for a moment is noted as read, by a request of its own: looking at a page changes nothing,
// and programs that fetch the links of a mail have read nothing. Without scripts there is a button.
const MOMENT = 2000;

function see() {
  const form = document.querySelector("form[data-seen]");
  if (!form || document.hidden) return;
  form.hidden = true;
  setTimeout(async () => {
    if (!form.isConnected || document.hidden) {
      form.hidden = false;
      return;
    }
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams({ by: "script" }), credentials: "same-origin" });
      if (answer.ok) form.remove();
      else form.hidden = false;
    } catch {
      form.hidden = false;
    }
  }, MOMENT);
}

// Whoever comes by the link of a mail comes for the message it tells of, which is the last one of a long page.
function toNews() {
  const news = [...document.querySelectorAll(".talk-item:not(.talk-own)")].at(-1);
  if (!news || !document.querySelector("form[data-seen]") || location.hash || document.querySelector("[data-focus]")) return;
  if (news.getBoundingClientRect().top > innerHeight / 2) news.scrollIntoView({ block: "start" });
}

toNews();
document.addEventListener("visibilitychange", see);
// poll.js brings new messages.
new MutationObserver((changes) => {
  if (changes.some((change) => change.addedNodes.length)) see();
}).observe(document.getElementById("main"), { childList: true, subtree: true });
see();
