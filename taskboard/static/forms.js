// Forms: one click sends once, and files that the server would refuse are not sent at all.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (!checkFiles(form)) {
    event.preventDefault();
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // After this turn, for a disabled button would not send its own name and value.
  setTimeout(() => setButtons(form, true), 0);
});

// Somebody who comes back by the back button finds the form as it was left, and can send it again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    setButtons(form, false);
  }
});

function setButtons(form, isSent) {
  for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
    button.disabled = isSent;
    button.setAttribute("aria-busy", String(isSent));
  }
}

// All files of a form travel together: what was typed beside them would be lost with them.
const ROOM_FOR_WORDS = 65536;

function checkFiles(form) {
  const most = Number(document.body.dataset.mostBytes) - ROOM_FOR_WORDS;
  const fields = [...form.querySelectorAll("input[type=file]")];
  const bytes = fields.flatMap((field) => [...field.files]).reduce((sum, file) => sum + file.size, 0);
  for (const old of form.querySelectorAll(".too-large")) old.remove();
  if (bytes <= most) return true;
  const field = fields.find((one) => one.files.length);
  const words = document.createElement("div");
  words.className = "invalid-feedback d-block too-large";
  words.setAttribute("role", "alert");
  words.textContent = document.body.dataset.tooLarge.replace("{size}", (bytes / 1048576).toFixed(1));
  field.after(words);
  field.focus();
  return false;
}
