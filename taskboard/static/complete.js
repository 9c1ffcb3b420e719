// Offers the names of departments while one is being typed, after others too. Without it the name is typed in full.

const PAUSE = 200;
const NAMES_BEFORE = /^(?:（[^）]*）|[^（])*[、，；]/;

for (const input of document.querySelectorAll("input[data-complete]")) {
  const names = document.getElementById(input.getAttribute("list"));
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => offer(input, names), PAUSE);
  });
}

async function offer(input, names) {
  const typed = input.value;
  const before = typed.match(NAMES_BEFORE)?.[0] ?? "";
  const words = typed.slice(before.length).trim();
  if (!words) return;
  const address = new URL(input.dataset.complete, location.href);
  address.searchParams.set("q", words);
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok || input.value !== typed) return;
  names.replaceChildren(...(await answer.json()).map((name) => new Option(before + name, before + name)));
}
