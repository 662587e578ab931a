// A file field in the language of the page: our button, the name of the chosen file, and a box to drop it on.
for (const box of document.querySelectorAll("[data-file]")) {
  const input = box.querySelector("input[type=file]");
  const name = box.querySelector(".file-name");
  const nothing = name.textContent;

  box.classList.add("file-box");
  for (const part of box.querySelectorAll("[hidden]")) part.hidden = false;

  const show = () => {
    name.textContent = [...input.files].map((file) => file.name).join(", ") || nothing;
    name.dir = input.files.length ? "auto" : "";
  };
  input.addEventListener("change", show);
  addEventListener("pageshow", show);

  const over = (on) => (event) => {
    event.preventDefault();
    box.classList.toggle("file-box-over", on);
  };
  box.addEventListener("dragover", over(true));
  box.addEventListener("dragleave", over(false));
  box.addEventListener("drop", (event) => {
    over(false)(event);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
