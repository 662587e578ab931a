// Attaching files while a message is written: each is sent at once, with its progress, and the list of those
// that are here is renewed until all of them are scanned. Without this script files go with the message itself.
const PAUSE = 2000;

for (const field of document.querySelectorAll("[data-attach]")) {
  const input = field.querySelector("input[type=file]");
  const uploading = field.querySelector("[data-uploading]");
  const form = input.form;
  const address = field.dataset.attach;
  const voice = document.createElement("p");
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  field.append(voice);
  let fresh = 0;
  let underway = Promise.resolve();
  let left = 0;

  const about = (...more) => {
    const data = new FormData();
    data.append("csrf_token", form.elements.csrf_token?.value ?? "");
    data.append("form_key", form.elements.form_key.value);
    for (const [name, value] of more) data.append(name, value);
    return data;
  };

  // Puts the list that the server sent in place, and says what became of each file.
  const replace = (next) => {
    const old = field.querySelector("[data-chosen]");
    if (!next || next.innerHTML === old.innerHTML) return;
    const told = (list) => [...list.querySelectorAll("[data-words]")].map((line) => line.dataset.words);
    const known = told(old);
    const news = told(next).filter((words) => !known.includes(words));
    const held = old.contains(document.activeElement) ? document.activeElement.closest("[data-file-line]")?.dataset.fileLine : null;
    const top = old.querySelector("ul")?.scrollTop ?? 0;
    old.replaceWith(next);
    // What cannot be sent is seen first.
    const list = next.querySelector("ul");
    const bad = next.querySelector("li:has(.badge-danger, .badge-warning)");
    if (list) list.scrollTop = bad ? bad.offsetTop - list.offsetTop : top;
    if (news.length) voice.textContent = news.join(". ");
    if (held !== null) (next.querySelector(`[data-file-line="${held}"] button`) ?? input).focus({ preventScroll: true });
  };
  const listIn = (text) => new DOMParser().parseFromString(text, "text/html").querySelector("[data-chosen]");

  const look = async (turn) => {
    if (turn !== fresh || !field.isConnected) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(`${address}?form_key=${encodeURIComponent(form.elements.form_key.value)}`, { headers: { "X-Fragment": "files" }, credentials: "same-origin" });
        // An answer that was asked for before a later change would bring back what stood there then.
        if (answer.ok && !answer.redirected && turn === fresh) replace(listIn(await answer.text()));
      } catch {
        // The next look tells.
      }
    }
    if (turn === fresh && field.querySelector("[data-chosen] [data-waits]")) setTimeout(() => look(turn), PAUSE);
  };
  const follow = () => look(++fresh);

  const begun = (file) => {
    const line = document.createElement("li");
    line.className = "attachment";
    const name = document.createElement("bdi");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    line.append(name, bar);
    uploading.append(line);
    return line;
  };

  // What is refused stays until other files are chosen; the server's own words name the file.
  const fail = (line, ...reasons) => {
    line.className = "attachment attachment-failed";
    line.replaceChildren(...reasons);
    for (const reason of line.querySelectorAll("[data-refused]")) reason.setAttribute("role", "alert");
  };
  const ours = (line, name) => [line.querySelector("bdi"), field.querySelector(`template[data-${name}]`).content.cloneNode(true)];

  const send = (file) =>
    new Promise((over) => {
      const line = begun(file);
      if (file.size > Number(field.dataset.mostBytes)) {
        fail(line, ...ours(line, "too-large"));
        over(false);
        return;
      }
      const bar = line.querySelector("progress");
      const request = new XMLHttpRequest();
      request.open("POST", address);
      request.setRequestHeader("X-Fragment", "files");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = event.loaded / event.total;
      });
      request.addEventListener("loadend", () => {
        const list = listIn(request.responseText);
        const refused = [...(list?.querySelectorAll("[data-refused]") ?? [])];
        if (list && !refused.length) line.remove();
        else fail(line, ...(list ? refused : ours(line, "failed")));
        fresh += 1;
        replace(list);
        over(list !== null && !refused.length);
      });
      request.send(about(["files", file]));
    });

  // One after another, also when more are chosen meanwhile; resolves to whether all are there.
  const sendAll = (files) => {
    for (const line of uploading.querySelectorAll(".attachment-failed")) line.remove();
    left += files.length;
    underway = files.reduce(async (before, file) => {
      const those = await before;
      const there = await send(file);
      left -= 1;
      return those && there;
    }, left > files.length ? underway : Promise.resolve(true));
    underway.then(follow);
  };

  input.addEventListener("change", () => {
    if (!input.files.length) return;
    sendAll([...input.files]);
    // They are on their way: the message itself does not carry them once more.
    input.value = "";
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // The whole form takes files; what is dropped on the field itself comes in as its change.
  const over = (on) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("takes-files", on);
  };
  form.addEventListener("dragover", over(true));
  form.addEventListener("dragleave", over(false));
  form.addEventListener("drop", (event) => {
    const isTaken = event.defaultPrevented;
    over(false)(event);
    if (!isTaken && event.dataTransfer?.files.length) sendAll([...event.dataTransfer.files]);
  });

  // A message waits for the files that are on their way, and stays where it is when one of them is refused.
  const wait = (event) => {
    if (!left) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    if (button?.ariaBusy) return;
    button?.setAttribute("aria-busy", "true");
    underway.then((all) => {
      button?.removeAttribute("aria-busy");
      if (all) form.requestSubmit(button);
    });
  };
  form.addEventListener("submit", wait, true);

  field.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-remove-file]");
    if (!button) return;
    event.preventDefault();
    fresh += 1;
    const answer = await fetch(button.formAction, { method: "POST", body: about(), headers: { "X-Fragment": "files" }, credentials: "same-origin" });
    if (answer.ok) replace(listIn(await answer.text()));
    input.focus({ preventScroll: true });
    follow();
  });

  follow();
}
