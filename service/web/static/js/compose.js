// Writing with a living preview. Without this script the form's Preview button does the same.
//
// <form data-compose data-preview-url="...">   the form is posted there while typing; the answer is JSON:
//   { "url": address of the preview, or of what says why there is none, "subject": "...", "status": "...",
//     "findings": [{ "field": name of the control, "severity": "error|warning|advice", "line": 1, "column": 1,
//                    "place": "Line 1", "text": "..." }] }
// <iframe data-preview>            shows url
// [data-preview-subject], [data-preview-status]   take subject and status
// <ul data-findings="name of the control">        takes that control's findings
// <button type="button" data-insert="{firstName}">   puts a token at the cursor of the control used last
// <button type="button" data-wrap="**">, <button type="button" data-line="- ">   small Markdown toolbar
// <button type="button" data-frame="narrow|wide|dark|light">   how the preview is shown
const form = document.querySelector("form[data-compose]");
if (form) start(form);

function start(form) {
  const frame = document.querySelector("iframe[data-preview]");
  const fields = () => form.querySelectorAll("[data-tokens]");
  let last = fields()[0] ?? null;
  let timer = 0;
  let running = null;
  let shown = frame?.getAttribute("src") ?? "";
  let scheme = "light";

  // Not through src: the preview must not fill the way back.
  function show() {
    const address = new URL(shown, location.href);
    address.searchParams.set("scheme", scheme);
    frame.contentWindow.location.replace(address);
  }

  form.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-tokens]")) last = event.target;
  });

  // Insert: through the browser's own editing where it can, so that Undo works.
  function insert(field, text) {
    field.focus();
    if (!document.execCommand?.("insertText", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  const near = (button) => {
    const own = button.closest(".field")?.querySelector("[data-tokens]");
    if (own) return own;
    const panel = button.closest(".tab-panel");
    if (last && !last.closest("[hidden]") && (!panel || panel.contains(last))) return last;
    return (panel ?? form).querySelector("[data-tokens]");
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-insert], button[data-wrap], button[data-line]");
    if (!button) return;
    const field = near(button);
    if (!field) return;
    const chosen = field.value.slice(field.selectionStart, field.selectionEnd);
    if (button.dataset.insert) insert(field, button.dataset.insert);
    else if (button.dataset.wrap) insert(field, button.dataset.wrap + chosen + button.dataset.wrap);
    else {
      const begin = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
      const lines = field.value.slice(begin, field.selectionEnd);
      field.setSelectionRange(begin, field.selectionEnd);
      insert(field, lines.replace(/^/gm, button.dataset.line));
    }
    button.closest("details[data-menu]")?.removeAttribute("open");
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-frame]");
    if (!button || !frame) return;
    const [on, off] = { narrow: ["narrow"], wide: [null, "narrow"], dark: ["dark"], light: [null, "dark"] }[button.dataset.frame];
    if (on) frame.classList.add(`compose-frame-${on}`);
    if (off) frame.classList.remove(`compose-frame-${off}`);
    if (["dark", "light"].includes(button.dataset.frame)) {
      scheme = button.dataset.frame;
      if (shown) show();
    }
    for (const one of button.parentElement.querySelectorAll("[data-frame]")) one.setAttribute("aria-pressed", String(one === button));
  });

  function place(field, line, column) {
    const lines = field.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const at = before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
    field.focus();
    field.setSelectionRange(at, at);
  }

  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    const sprite = document.querySelector("svg.icon use")?.getAttribute("href").split("#")[0] ?? "";
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
  };

  function findings(all) {
    for (const list of document.querySelectorAll("[data-findings]")) {
      const own = all.filter((finding) => finding.field === list.dataset.findings);
      list.hidden = own.length === 0;
      list.replaceChildren(
        ...own.map((finding) => {
          const item = document.createElement("li");
          const button = document.createElement("button");
          button.type = "button";
          button.className = `finding finding-${finding.severity}`;
          const where = document.createElement("span");
          where.className = "finding-place";
          where.textContent = finding.place ?? "";
          const what = document.createElement("span");
          what.textContent = finding.text;
          button.append(icon({ error: "danger", warning: "warning" }[finding.severity] ?? "info"), where, what);
          button.addEventListener("click", () => {
            const field = form.elements[finding.field];
            if (field?.setSelectionRange) place(field, finding.line ?? 1, finding.column ?? 1);
          });
          item.append(button);
          return item;
        }),
      );
      const field = form.elements[list.dataset.findings];
      if (!field?.setAttribute) continue;
      if (own.some((finding) => finding.severity === "error")) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }

  async function preview() {
    running?.abort();
    running = new AbortController();
    let answer;
    try {
      const response = await fetch(form.dataset.previewUrl, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        signal: running.signal,
      });
      if (!response.headers.get("content-type")?.includes("json")) return;
      answer = await response.json();
    } catch {
      return;
    }
    if (answer.url && frame && answer.url !== shown) {
      shown = answer.url;
      show();
    }
    const subject = document.querySelector("[data-preview-subject]");
    if (subject && answer.subject !== undefined) subject.textContent = answer.subject;
    const status = document.querySelector("[data-preview-status]");
    if (status && answer.status !== undefined && status.textContent !== answer.status) status.textContent = answer.status;
    findings(answer.findings ?? []);
  }

  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(preview, wait);
  };
  // Composing kana or pinyin: the text is not there yet.
  form.addEventListener("input", (event) => event.isComposing || soon(300));
  form.addEventListener("compositionend", () => soon(300));
  form.addEventListener("change", () => soon(0));
  form.addEventListener("tab", () => soon(0));
  // Controls that stand beside the form but belong to it (form="id"): recipient, language, face of the preview.
  for (const control of document.querySelectorAll(`[form="${form.id}"]`)) control.addEventListener("change", () => soon(0));
  if (form.dataset.previewUrl) preview();
}
