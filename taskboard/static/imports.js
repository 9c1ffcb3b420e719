// The review of an import: keeps what is entered while a person works, and completes names of departments.
// Without this script the page is one form with a save button; nothing here is needed to finish an import.

const form = document.getElementById("review");
const status = document.getElementById("saving");
const waiting = new Set();
let timer = null;
let isSending = false;
let pressed = null;
let leaving = null;

// Keeping: a part is sent when one of its fields has changed, one request at a time.

form.addEventListener("change", (event) => {
  const part = event.target.closest("[data-part]");
  if (!part || event.target.name === "selected") return;
  leaving = null;
  if (event.target.name.endsWith("-decided_on") && event.target.value) chooseOwnDate(part);
  if (event.target.name.endsWith("-deadline") && event.target.value !== "date") clearOwnDate(part);
  if (event.target.name.endsWith("-same_as") && event.target.value) chooseSameAs(part);
  part.classList.toggle("is-left-out", part.querySelector("[name$='-is_included']")?.checked === false);
  waiting.add(part.dataset.part);
  clearTimeout(timer);
  timer = setTimeout(send, 300);
});

function chooseOwnDate(part) {
  part.querySelector("[name$='-deadline']").value = "date";
}

function clearOwnDate(part) {
  const field = part.querySelector("[name$='-decided_on']");
  if (field) field.value = "";
}

function chooseSameAs(part) {
  part.querySelector("[name$='-choice'][value='same_as']").checked = true;
}

async function send() {
  if (isSending || !waiting.size) return;
  isSending = true;
  const parts = [...waiting];
  waiting.clear();
  say("正在保存……");
  try {
    const answer = await fetch(form.dataset.parts, { method: "POST", body: fieldsOf(parts) });
    await take(answer, parts);
  } catch {
    parts.forEach((part) => waiting.add(part));
    say("没有连上服务器，您填写的内容还在页面上；稍后会再试，也可以点“保存”。", true);
    timer = setTimeout(send, 10000);
  }
  isSending = false;
  if (pressed) form.requestSubmit(pressed);
  else if (leaving && !waiting.size && !status.classList.contains("text-danger")) location.assign(leaving);
  else if (waiting.size && !timer) timer = setTimeout(send, 300);
}

// The whole form carries everything, so nothing is sent beside it; a request on its way is waited for, else the two
// would meet as a conflict.
form.addEventListener("submit", (event) => {
  clearTimeout(timer);
  if (!isSending && event.submitter?.value.includes("-")) sendOnly(waiting);
  waiting.clear();
  if (!isSending) showProgress(event.submitter);
  if (!isSending) return;
  pressed = event.submitter;
  event.preventDefault();
  event.stopPropagation();
});

// A confirmation is one change, there as a whole or not at all; meanwhile the server tells how far it is. The page may
// be left or opened anew: it shows the same bar again, and goes to the plan when that is there.

const bar = document.getElementById("confirming");
const LOOK_AGAIN = 300;
let watch = null;

function showProgress(button) {
  const isConfirming = button?.value === "confirm";
  clearTimeout(watch);
  bar.hidden = !isConfirming;
  if (!isConfirming) return;
  say("正在导入，请稍候……");
  bar.removeAttribute("value");
  watch = setTimeout(look, LOOK_AGAIN, false);
}

// Whoever pressed is led to the plan by the answer; whoever came later must go there.
async function look(isAwaited) {
  let told = {};
  try {
    const answer = await fetch(bar.dataset.progress, { headers: { Accept: "application/json" } });
    if (answer.ok) told = await answer.json();
  } catch {
    told = { total: 0 };
  }
  if (bar.hidden) return;
  if (told.plan && isAwaited) return location.assign(told.plan);
  if (told.total) {
    bar.max = told.total;
    bar.value = told.done;
    say(`正在导入：已完成 ${told.done} 项，共 ${told.total} 项`);
  } else if (isAwaited && told.total === undefined && !told.plan) {
    bar.hidden = true;
    say("导入没有完成，没有生成任何计划和任务，请再点“确认导入”。", true);
    return;
  }
  watch = setTimeout(look, LOOK_AGAIN, isAwaited);
}

window.addEventListener("pageshow", (event) => {
  if ("underWay" in bar.dataset && !event.persisted) look(true);
  else showProgress(null);
});

// To another page of the same review one goes when what was just entered is kept; what could not be is said instead.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.pathname !== location.pathname || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  leave(event, link.href);
});

document.getElementById("find").addEventListener("submit", (event) => {
  const query = new URLSearchParams(new FormData(event.target));
  leave(event, `${event.target.action.split("#")[0]}?${query}#measures`);
});

function leave(event, address) {
  if (!waiting.size && !isSending) return;
  event.preventDefault();
  leaving = address;
  clearTimeout(timer);
  send();
}

// Alt with an arrow moves the measure in which one works.
form.addEventListener("keydown", (event) => {
  const act = event.altKey && { ArrowUp: "arrange-up:", ArrowDown: "arrange-down:" }[event.key];
  const button = act && event.target.closest(".measure")?.querySelector(`button[value^="${act}"]`);
  if (!button) return;
  event.preventDefault();
  // What is being typed counts only once the field is left.
  event.target.blur();
  form.requestSubmit(button);
});

// An act on some measures needs only what is not kept yet: a form of hundreds of measures takes a second to read.
function sendOnly(parts) {
  const idle = [...form.querySelectorAll("fieldset[data-part]")].filter((part) => !parts.has(part.dataset.part));
  const fields = idle.flatMap((part) => [...part.querySelectorAll("input:not(.select-row), select, textarea")]);
  fields.forEach((field) => { field.disabled = true; });
  setTimeout(() => fields.forEach((field) => { field.disabled = false; }), 0);
}

function fieldsOf(parts) {
  const all = new FormData(form);
  const sent = new URLSearchParams();
  for (const [name, value] of all) {
    const prefix = name.slice(0, name.lastIndexOf("-") + 1);
    if (!prefix || parts.includes(prefix)) sent.append(name, value);
  }
  return sent;
}

async function take(answer, parts) {
  timer = null;
  const isOurs = answer.headers.get("Content-Type")?.includes("application/json");
  if (!isOurs) {
    const words = { 401: "登录已过期，请在新窗口重新登录后再点“保存”。", 400: "页面已过期，请先复制您的修改再刷新。" };
    say(words[answer.status] ?? "没有保存，请点“保存”再试。", true);
    return;
  }
  const told = await answer.json();
  if (told.errors) {
    showErrors(told.errors);
    say("有内容需要改正，见红字。", true);
  } else if (told.message) {
    say(told.message, true);
  } else {
    form.elements.version.value = told.version;
    form.elements.seen.value = told.seen;
    clearErrors(parts);
    for (const [key, html] of Object.entries(told.rows)) replace(`state-${key}`, html);
    replace("summary", told.summary);
    replaceNames(told.names);
    form.dispatchEvent(new CustomEvent("kept", { detail: told }));
    say(`已自动保存 ${new Date().toTimeString().slice(0, 5)}`);
  }
}

function replace(id, html) {
  const place = document.getElementById(id);
  if (place) place.innerHTML = html;
}

// The names are drawn anew only when others became unknown, and never under the hands of somebody who works on them.
function replaceNames(html) {
  const place = document.getElementById("names");
  const fresh = document.createElement("div");
  fresh.innerHTML = html;
  if (place.contains(document.activeElement) && keysOf(place) === keysOf(fresh)) return;
  place.replaceChildren(...fresh.childNodes);
}

function keysOf(place) {
  return [...place.querySelectorAll("[data-part]")].map((part) => part.dataset.part).sort().join(" ");
}

function showErrors(errors) {
  for (const [id, words] of Object.entries(errors)) {
    document.getElementById(id)?.classList.add("is-invalid");
    const place = document.getElementById(`${id}-errors`);
    if (place) place.textContent = words;
  }
}

function clearErrors(parts) {
  for (const part of form.querySelectorAll("[data-part]")) {
    if (!parts.includes(part.dataset.part)) continue;
    part.querySelectorAll(".is-invalid").forEach((field) => field.classList.remove("is-invalid"));
    part.querySelectorAll(".invalid-feedback").forEach((words) => words.replaceChildren());
  }
}

function say(words, isTrouble = false) {
  status.textContent = words;
  status.classList.toggle("text-danger", isTrouble);
}

window.addEventListener("beforeunload", (event) => {
  if (waiting.size && !form.dataset.sent) event.preventDefault();
});

// Targets: writing in the last row of a measure brings another empty one.

form.addEventListener("input", (event) => {
  const line = event.target.closest(".target-line");
  if (!line || line.nextElementSibling?.classList.contains("target-line") || !event.target.value) return;
  const next = line.cloneNode(true);
  next.querySelectorAll("input").forEach((field) => { field.value = ""; });
  line.after(next);
});

// Selecting

const all = document.getElementById("select-all");
const rows = [...form.querySelectorAll(".select-row")];
all.parentElement.hidden = false;
all.addEventListener("change", () => {
  const areOffered = rows.every((row) => row.closest(".offered"));
  for (const row of rows) row.checked = all.checked && (areOffered || !row.closest(".offered"));
  countSelected();
});
form.addEventListener("change", (event) => event.target.classList.contains("select-row") && countSelected());

function countSelected() {
  const number = rows.filter((row) => row.checked).length;
  document.getElementById("selected-count").textContent = number ? `（已选 ${number} 项）` : "";
}

countSelected();

// Completing: the name under the caret is looked up among the known ones; arrows choose, Enter takes, Escape leaves.

const SEPARATORS = /[、，,；;\n]/;
const MOST = 8;
const known = [...document.querySelectorAll("#department-names option")].map((option) => option.value);
let open = null;

for (const field of form.querySelectorAll("[data-departments] textarea")) {
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("autocomplete", "off");
  field.addEventListener("input", () => offer(field));
  field.addEventListener("keydown", (event) => steer(event, field));
  field.addEventListener("blur", close);
}

function wordAt(field) {
  let start = field.selectionStart;
  while (start > 0 && !SEPARATORS.test(field.value[start - 1])) start -= 1;
  let end = field.selectionStart;
  while (end < field.value.length && !SEPARATORS.test(field.value[end])) end += 1;
  return { start, end, text: field.value.slice(start, end).trim() };
}

function offer(field) {
  close();
  const word = wordAt(field);
  const found = word.text ? known.filter((name) => fits(name, word.text) && name !== word.text).slice(0, MOST) : [];
  if (!found.length) return;
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${field.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "名录中的单位");
  found.forEach((name, number) => list.append(option(field, name, number)));
  field.parentElement.classList.add("has-suggestions");
  field.after(list);
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("aria-controls", list.id);
  open = { field, list, chosen: -1 };
}

function option(field, name, number) {
  const item = document.createElement("li");
  item.textContent = name;
  item.id = `${field.id}-suggestion-${number}`;
  item.setAttribute("role", "option");
  // Before the field loses the focus, so that the list is still there.
  item.addEventListener("mousedown", (event) => {
    event.preventDefault();
    accept(name);
  });
  return item;
}

// The characters typed stand in the name in their order: 发改委 finds 市发展改革委.
function fits(name, text) {
  let position = 0;
  for (const character of text) {
    position = name.indexOf(character, position) + 1;
    if (!position) return false;
  }
  return true;
}

function steer(event, field) {
  if (!open || event.isComposing) return;
  const items = [...open.list.children];
  if (event.key === "ArrowDown") choose(items, (open.chosen + 1) % items.length);
  else if (event.key === "ArrowUp") choose(items, (open.chosen - 1 + items.length) % items.length);
  else if (event.key === "Enter" && open.chosen >= 0) accept(items[open.chosen].textContent);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
}

function choose(items, number) {
  open.chosen = number;
  items.forEach((item, place) => item.setAttribute("aria-selected", String(place === number)));
  items[number].scrollIntoView({ block: "nearest" });
  open.field.setAttribute("aria-activedescendant", items[number].id);
}

function accept(name) {
  const { field } = open;
  const word = wordAt(field);
  field.setRangeText(name, word.start, word.end, "end");
  close();
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function close() {
  if (!open) return;
  open.list.remove();
  open.field.setAttribute("aria-expanded", "false");
  open.field.removeAttribute("aria-controls");
  open.field.removeAttribute("aria-activedescendant");
  open = null;
}
