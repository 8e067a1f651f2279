// Keys for the review queue: J and K choose a row, Enter opens it, R replies, A adjusts, S marks as
// seen. They work only while the focus is inside the queue, so speech input cannot press them by chance.

const rows = [...document.querySelectorAll("[data-row]")];
const legend = document.querySelector("[data-keys]");
if (legend) legend.hidden = false;

let here = -1;

const choose = (index) => {
  const row = rows[Math.min(rows.length - 1, Math.max(0, index))];
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("a").focus({ preventScroll: true });
};

const typing = (target) => target.closest("input, textarea, select") !== null;

for (const [index, row] of rows.entries()) {
  row.addEventListener("focusin", () => {
    rows[here]?.classList.remove("is-here");
    here = index;
    row.classList.add("is-here");
  });
}

document.addEventListener("keydown", (event) => {
  if (!event.target.closest(".queue") || typing(event.target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === "j") choose(here + 1);
  else if (key === "k") choose(here - 1);
  else if ("ras".includes(key) && key.length === 1) {
    rows[here].querySelector(`[data-key="${key}"]`).click();
    if (key === "r") rows[here].querySelector("textarea").focus();
  } else return;
  event.preventDefault();
});
