// <button type="button" hidden data-copy="#id" data-copied="Copied">: copies the words of that element, or data-copy-text.
const voice = document.createElement("p");
voice.className = "visually-hidden";
voice.setAttribute("role", "status");

for (const button of document.querySelectorAll("[data-copy], [data-copy-text]")) {
  if (!navigator.clipboard) continue;
  if (!voice.isConnected) document.body.append(voice);
  button.hidden = false;
  const label = button.querySelector("span") ?? button;
  const words = label.textContent;
  button.addEventListener("click", async () => {
    const source = button.dataset.copy && document.querySelector(button.dataset.copy);
    const text = button.dataset.copyText ?? source?.value ?? source?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Refused by the browser: the words are selected instead, ready for the reader's own key.
      if (source) getSelection().selectAllChildren(source);
      return;
    }
    label.textContent = button.dataset.copied;
    voice.textContent = button.dataset.copied;
    setTimeout(() => {
      label.textContent = words;
      voice.textContent = "";
    }, 2500);
  });
}
