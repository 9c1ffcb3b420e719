// Forms: one click sends once.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
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
