// A scan on its way: asks how far it is, and goes on to the review when it is done. Without this script the page
// refreshes itself.

const place = document.getElementById("scan-state");
const EVERY = 2000;

async function ask() {
  try {
    const answer = await fetch(place.dataset.state);
    // Cancelled by somebody else, or signed out: the page itself says which.
    if (!answer.ok || answer.redirected) return location.reload();
    const told = await answer.json();
    if (told.review) return location.replace(told.review);
    if (told.state === "failed") return location.reload();
    if (place.innerHTML !== told.html) place.innerHTML = told.html;
  } catch {
    // No connection: asked again with the next turn.
  }
  setTimeout(ask, EVERY);
}

setTimeout(ask, EVERY);
