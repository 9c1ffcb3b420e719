// What is ticked where two people changed the same import stays ticked when the page is loaded anew: reload gives the
// form back as it was sent, before anything was ticked. Kept in this tab, for what stands in the import now.

const boxes = [...document.querySelectorAll("input[name=theirs]")];
const version = document.querySelector("#review [name=version]").value;
const place = `theirs ${location.pathname} ${version}`;
const ticked = JSON.parse(sessionStorage.getItem(place) ?? "[]");

for (const box of boxes) {
  box.checked = ticked.includes(box.value);
  box.addEventListener("change", () => {
    sessionStorage.setItem(place, JSON.stringify(boxes.filter((one) => one.checked).map((one) => one.value)));
  });
}
