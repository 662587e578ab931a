// Attaching files while a message is written: each is sent at once, with its progress, and the list of those
// that are here is renewed until all of them are scanned. Without this script files go with the message itself.
const PAUSE = 2000;

for (const field of document.querySelectorAll("[data-attach]")) {
  const input = field.querySelector("input[type=file]");
  const uploading = field.querySelector("[data-uploading]");
  const drop = input.form;
  const words = field.querySelector("[data-drop-words]");
  const address = field.dataset.attach;
  const value = (name) => input.form.elements[name]?.value ?? "";
  let fresh = 0;

  const replace = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html").querySelector("[data-chosen]");
    const old = field.querySelector("[data-chosen]");
    if (!next || next.innerHTML === old.innerHTML) return;
    const held = old.contains(document.activeElement) ? document.activeElement.closest("[data-file-line]")?.dataset.fileLine : null;
    old.replaceWith(next);
    if (held !== null) (next.querySelector(`[data-file-line="${held}"] button`) ?? input).focus({ preventScroll: true });
  };

  const look = async (turn) => {
    if (turn !== fresh || !field.isConnected) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(`${address}?form_key=${encodeURIComponent(value("form_key"))}`, { headers: { "X-Fragment": "files" }, credentials: "same-origin" });
        // An answer that was asked for before a later change would bring back what stood there then.
        if (answer.ok && !answer.redirected && turn === fresh) replace(await answer.text());
      } catch {
        // The next look tells.
      }
    }
    if (turn === fresh && field.querySelector("[data-chosen] [data-waits]")) setTimeout(() => look(turn), PAUSE);
  };
  const follow = () => look(++fresh);

  const send = (file) =>
    new Promise((over) => {
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
      const request = new XMLHttpRequest();
      request.open("POST", address);
      request.setRequestHeader("X-Fragment", "files");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = event.loaded / event.total;
      });
      request.addEventListener("loadend", () => {
        if (request.responseText.includes("data-chosen")) {
          line.remove();
          fresh += 1;
          replace(request.responseText);
        } else {
          bar.remove();
          const note = document.createElement("p");
          note.className = "attachment-note";
          note.textContent = uploading.dataset.wordsFailed;
          note.setAttribute("role", "alert");
          line.append(note);
        }
        over();
      });
      const data = new FormData();
      data.append("csrf_token", value("csrf_token"));
      data.append("form_key", value("form_key"));
      data.append("files", file);
      request.send(data);
    });

  const sendAll = async (files) => {
    input.value = "";
    for (const file of files) await send(file);
    follow();
  };

  input.addEventListener("change", () => sendAll([...input.files]));
  words.hidden = false;
  const over = (on) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("takes-files", on);
  };
  drop.addEventListener("dragover", over(true));
  drop.addEventListener("dragleave", over(false));
  drop.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer?.files.length) sendAll([...event.dataTransfer.files]);
  });

  field.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-remove-file]");
    if (!button) return;
    event.preventDefault();
    const data = new FormData();
    data.append("csrf_token", value("csrf_token"));
    data.append("form_key", value("form_key"));
    fresh += 1;
    const answer = await fetch(button.formAction, { method: "POST", body: data, headers: { "X-Fragment": "files" }, credentials: "same-origin" });
    if (answer.ok) replace(await answer.text());
    input.focus({ preventScroll: true });
    follow();
  });

  follow();
}
