// A form on its way shows it at once, and is not sent a second time by an impatient finger.
const LONGEST = 10000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (event.defaultPrevented || form.method !== "post" || form.target || button?.formTarget) return;
  if (form.dataset.onItsWay !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.onItsWay = "";
  button?.setAttribute("aria-busy", "true");
  const back = () => {
    delete form.dataset.onItsWay;
    button?.removeAttribute("aria-busy");
  };
  // An answer that is a download leaves the page where it is; the way back brings it from the cache.
  setTimeout(back, LONGEST);
  addEventListener("pageshow", back, { once: true });
});
