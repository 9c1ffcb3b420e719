// The review of an import beside its source: shows where a field was read, finds what was read at a place, and goes
// from one uncertain field to the next. Without this script the links between the two sides do the first two.

const form = document.getElementById("review");
const source = document.getElementById("source");

// Each measure carries its places as "field:at,start,end at,start,end;field:…"; offsets count characters, so text
// beyond the basic plane (rare characters of names) is cut by code point and not by code unit.

const read = new Map();

function placesOf(part) {
  if (!read.has(part)) read.set(part, parse(part.dataset.places ?? ""));
  return read.get(part);
}

function parse(words) {
  const found = {};
  for (const entry of words.split(";").filter(Boolean)) {
    const [field, places] = entry.split(":");
    found[field] = places.split(" ").filter(Boolean).map((place) => {
      const [at, start, end] = place.split(",");
      return { at, start: Number(start), end: Number(end) };
    });
  }
  return found;
}

// Marking

const marked = new Map();
let current = null;

function show(part, field, { scroll = true } = {}) {
  if (current?.part === part && current.field === field) return;
  current = { part, field };
  clear();
  const places = placesOf(part);
  const text = [...(places.heading ?? []), ...(places.text ?? [])];
  const words = field ? (places[field] ?? []) : [];
  for (const place of text) mark(place, "is-text");
  for (const place of words) mark(place, "is-field");
  document.querySelector(".measure.is-current")?.classList.remove("is-current");
  part.classList.add("is-current");
  const first = source.querySelector("mark.is-field") ?? source.querySelector("mark");
  if (scroll && first) reveal(first);
}

function clear() {
  for (const [element, { text }] of marked) element.textContent = text;
  marked.clear();
}

// A paragraph keeps its text and the kinds of its characters, and is drawn anew with every mark it gets.
function mark({ at, start, end }, kind) {
  const element = document.getElementById(`at-${at}`);
  if (!element) return;
  if (!marked.has(element)) {
    const text = element.textContent;
    marked.set(element, { text, letters: [...text], kinds: [] });
  }
  const { letters, kinds } = marked.get(element);
  for (let place = start; place < Math.min(end, letters.length); place += 1) kinds[place] = kind;
  const pieces = [];
  for (let place = 0; place < letters.length; ) {
    let next = place + 1;
    while (next < letters.length && kinds[next] === kinds[place]) next += 1;
    const words = letters.slice(place, next).join("");
    pieces.push(kinds[place] ? marking(words, kinds[place]) : words);
    place = next;
  }
  element.replaceChildren(...pieces);
}

function marking(words, kind) {
  const element = document.createElement("mark");
  element.className = kind;
  element.textContent = words;
  return element;
}

function reveal(element) {
  const place = element.getBoundingClientRect();
  const frame = source.getBoundingClientRect();
  if (place.top >= frame.top + 40 && place.bottom <= frame.bottom - 10) return;
  source.scrollTop += place.top - frame.top - source.clientHeight / 3;
}

// From the reading to the source

const FIELDS = { title: "heading", decided_on: "deadline" };

function choose(target) {
  const part = target.closest(".measure[data-part]");
  if (!part) return;
  const name = target.name?.slice(target.name.lastIndexOf("-") + 1) ?? target.closest("[data-field]")?.dataset.field;
  const field = name === "looked_at" ? target.value : name;
  show(part, FIELDS[field] ?? field ?? null);
}

form.addEventListener("focusin", (event) => choose(event.target));
form.addEventListener("click", (event) => {
  const link = event.target.closest(".to-source");
  if (link) event.preventDefault();
  choose(event.target);
});

// From the source to the reading: the measure whose words stand where the click was, else one that begins there.

source.addEventListener("click", (event) => {
  const link = event.target.closest(".to-row");
  if (link) {
    event.preventDefault();
    goTo(document.querySelector(link.hash));
    return;
  }
  if (String(window.getSelection())) return;
  const element = event.target.closest("[id^='at-']");
  if (!element) return;
  const part = measureAt(element.id.slice(3), offsetIn(element, event));
  if (part) goTo(part);
});

function measureAt(at, offset) {
  let nearby = null;
  for (const part of form.querySelectorAll(".measure[data-places]")) {
    const all = Object.values(placesOf(part)).flat().filter((place) => place.at === at);
    if (all.some((place) => place.start <= offset && offset <= place.end)) return part;
    if (all.length) nearby ??= part;
  }
  return nearby;
}

function offsetIn(element, event) {
  const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  const range = caret ? null : document.caretRangeFromPoint?.(event.clientX, event.clientY);
  const node = caret?.offsetNode ?? range?.startContainer;
  if (!node || !element.contains(node)) return 0;
  const before = document.createRange();
  before.setStart(element, 0);
  before.setEnd(node, caret?.offset ?? range.startOffset);
  return [...before.toString()].length;
}

function goTo(part) {
  part.closest("details")?.setAttribute("open", "");
  part.scrollIntoView({ block: "start" });
  part.querySelector("textarea")?.focus({ preventScroll: true });
  show(part, null, { scroll: false });
}

// Uncertain fields

const button = document.getElementById("next-doubt");
const left = document.getElementById("doubts-left");

function doubts() {
  return [...form.querySelectorAll(".measure:not(.is-left-out) .is-uncertain, .is-undecided .offered-acts")];
}

// Other pages of the review have doubts too: the button's own address leads to the next of them.
const elsewhere = Number(button.dataset.elsewhere);

function count() {
  const number = doubts().length;
  const all = number + elsewhere;
  left.textContent = all ? `还有 ${all} 处待核对${elsewhere ? `，其中本页 ${number} 处` : ""}` : "没有待核对的栏目";
  button.hidden = !all;
}

function goToNextDoubt(event) {
  const all = doubts();
  const here = document.activeElement.closest?.(".is-uncertain, .offered-acts, .measure");
  const after = (line) => here && here !== line && !line.contains(here) && here.compareDocumentPosition(line) & Node.DOCUMENT_POSITION_FOLLOWING;
  const next = all.find((line) => after(line)) ?? (here && elsewhere ? null : all[0]);
  if (!next) {
    if (event.type !== "click" && elsewhere) button.click();
    return;
  }
  event.preventDefault();
  focusOn(next);
}

// The field to which the key led: until something else happens there, the key leads on instead of being typed into it.
let arrived = null;

function focusOn(line) {
  line.closest("details")?.setAttribute("open", "");
  line.closest(".measure").scrollIntoView({ block: "nearest" });
  const field = line.querySelector("textarea, select, button");
  field.focus();
  arrived = field;
  line.scrollIntoView({ block: "nearest" });
}

for (const kind of ["keydown", "pointerdown", "focusout"]) {
  form.addEventListener(kind, (event) => {
    if (event.key?.toLowerCase() !== "n") arrived = null;
  });
}

button.addEventListener("click", goToNextDoubt);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.key.toLowerCase() !== "n") return;
  const isTyping = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select");
  if (isTyping && !event.altKey && event.target !== arrived) return;
  event.preventDefault();
  goToNextDoubt(event);
});

// A field that is changed or ticked is settled at once; what the server answers after keeping it has the last word.
form.addEventListener("change", (event) => {
  const line = event.target.closest(".field-line");
  const tick = line?.querySelector("[name$='-looked_at']");
  if (tick) line.classList.toggle("is-uncertain", event.target === tick ? !tick.checked : false);
  count();
});

// After an act on a measure the page opens at it; the browser's own way there, which takes the focus away, comes first.
window.addEventListener("load", () => setTimeout(() => {
  const part = /^#row-[mc]\d+(_\d+)?$/.test(location.hash) ? document.querySelector(location.hash) : null;
  const doubt = part?.querySelector(".is-uncertain");
  if (part) goTo(part);
  if (doubt) focusOn(doubt);
}, 0));

// A link to a measure that is on this page leads there without loading the page anew.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href*='#row-']:not(.to-row)");
  const part = link && link !== button ? document.getElementById(link.hash.slice(1)) : null;
  if (!part || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  goTo(part);
}, { capture: true });

form.addEventListener("kept", (event) => {
  for (const [key, fields] of Object.entries(event.detail.uncertain)) {
    for (const line of document.querySelectorAll(`#row-${key} .field-line`)) {
      line.classList.toggle("is-uncertain", fields.includes(line.dataset.field));
    }
  }
  count();
});

count();
