// Panels of one page become tabs: one shown, arrow keys between them, the address remembers which.
const install = () => document.querySelectorAll("[data-tabs]:not([data-tabs-ready])").forEach(installIn);

function installIn(box) {
  const list = box.querySelector(".tabs");
  const tabs = [...list.querySelectorAll("a[href^='#']")];
  const panels = tabs.map((tab) => document.getElementById(decodeURIComponent(tab.hash.slice(1))));
  if (!tabs.length || panels.includes(null)) return;

  list.setAttribute("role", "tablist");
  const show = (at, focus = false) => {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === at));
      tab.tabIndex = index === at ? 0 : -1;
      panels[index].hidden = index !== at;
    });
    if (focus) tabs[at].focus();
    box.dispatchEvent(new CustomEvent("tab", { bubbles: true, detail: panels[at].id }));
  };

  tabs.forEach((tab, index) => {
    tab.id ||= `${panels[index].id}-tab`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panels[index].id);
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(history.state, "", tab.hash);
      show(index);
    });
    tab.addEventListener("keydown", (event) => {
      const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
      const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
      const to = { [forward]: index + 1, [backward]: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show((to + tabs.length) % tabs.length, true);
    });
  });

  // A link into a hidden panel (from an error summary, say) shows that panel.
  const reveal = (hash) => {
    const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
    const at = target ? panels.findIndex((panel) => panel.contains(target)) : -1;
    if (at >= 0) show(at);
    return at >= 0;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && !list.contains(link)) reveal(link.hash);
  });
  addEventListener("hashchange", () => reveal(location.hash));
  // A field the browser finds missing must be seen.
  box.addEventListener("invalid", (event) => show(panels.findIndex((panel) => panel.contains(event.target))), true);

  box.dataset.tabsReady = "";
  const problem = panels.findIndex((panel) => panel.querySelector("[aria-invalid='true']"));
  if (!reveal(location.hash)) show(Math.max(problem, 0));
}

install();
// A page that renews a part of itself may bring new ones.
addEventListener("page-renewed", install);
