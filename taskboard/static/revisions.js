// The comparison with a plan that runs: ticks all decisions of one kind together. Without this script each is ticked
// by itself. Whether a measure is another one after all is asked one by one in any case.

for (const label of document.querySelectorAll("[data-tick-all]")) {
  const all = label.querySelector("input");
  const boxes = [...label.closest("section").querySelectorAll(`table input[name^='${label.dataset.tickAll}']`)];
  label.hidden = boxes.length < 2;
  const show = () => {
    const number = boxes.filter((box) => box.checked).length;
    all.checked = number === boxes.length;
    all.indeterminate = number > 0 && number < boxes.length;
  };
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  label.closest("section").addEventListener("change", show);
  // Somebody who comes back by the back button finds the ticks as they were left.
  window.addEventListener("pageshow", show);
}
