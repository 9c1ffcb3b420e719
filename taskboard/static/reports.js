// The lead's report: what partners reported goes into the own text at a click, behind what is there.

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy-into]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copyInto);
  if (text.value.includes(button.dataset.copy)) return;
  text.value = [text.value.trimEnd(), button.dataset.copy].filter(Boolean).join("\n");
  text.focus();
});
