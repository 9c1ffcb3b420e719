// Offers the names of departments while one is being typed. Without it the name is typed in full.

const PAUSE = 200;

for (const input of document.querySelectorAll("input[data-complete]")) {
  const names = document.getElementById(input.getAttribute("list"));
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => offer(input, names), PAUSE);
  });
}

async function offer(input, names) {
  const words = input.value.trim();
  if (!words) return;
  const address = new URL(input.dataset.complete, location.href);
  address.searchParams.set("q", words);
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok || input.value.trim() !== words) return;
  names.replaceChildren(...(await answer.json()).map((name) => new Option(name, name)));
}
