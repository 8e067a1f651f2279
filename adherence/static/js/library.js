// The library with scripts: results while one types, "/" to the search, arrow keys through the list.

const form = document.querySelector("[data-search]");
const found = document.querySelector("[data-found]");

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

const printer = document.querySelector("[data-print]");
if (printer) {
  printer.hidden = false;
  printer.addEventListener("click", () => window.print());
}

if (form && found) {
  const words = form.querySelector('[type="search"]');
  for (const hint of form.querySelectorAll("[data-keys]")) hint.hidden = false;

  const address = () => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
    const said = query.toString();
    return form.getAttribute("action") + (said ? `?${said}` : "");
  };

  let asked = 0;
  const look = async () => {
    const mine = ++asked;
    const where = address();
    try {
      const answer = await fetch(where, { headers: { "X-Part": "hits" } });
      if (mine !== asked) return;
      if (answer.redirected) window.location.assign(where);
      else if (answer.ok) {
        const text = await answer.text();
        if (mine !== asked) return;
        found.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
        window.history.replaceState(null, "", where);
      }
    } catch {
      // Offline: the button still sends the form.
    }
  };

  let waiting = 0;
  form.addEventListener("input", (event) => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(look, event.target === words ? 120 : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.clearTimeout(waiting);
    look();
  });

  const links = () => [...found.querySelectorAll(".hit-title a")];

  // The link in the row above or below that stands nearest to this one.
  const beside = (all, from, down) => {
    const here = all[from].closest("li").getBoundingClientRect();
    const rows = all
      .map((link, index) => ({ index, box: link.closest("li").getBoundingClientRect() }))
      .filter(({ box }) => (down ? box.top > here.top + 1 : box.top < here.top - 1));
    if (!rows.length) return down ? all.length - 1 : -1;
    const tops = rows.map(({ box }) => box.top);
    const top = down ? Math.min(...tops) : Math.max(...tops);
    const row = rows.filter(({ box }) => Math.abs(box.top - top) < 1);
    row.sort((a, b) => Math.abs(a.box.left - here.left) - Math.abs(b.box.left - here.left));
    return row[0].index;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !typing(event.target)) {
      event.preventDefault();
      words.focus();
      words.select();
      return;
    }
    const all = links();
    const from = all.indexOf(document.activeElement);
    let to = null;
    if (event.target === words && event.key === "ArrowDown" && all.length) to = 0;
    else if (from >= 0) {
      if (event.key === "ArrowDown") to = beside(all, from, true);
      else if (event.key === "ArrowUp") to = beside(all, from, false);
      else if (event.key === "ArrowRight") to = Math.min(all.length - 1, from + 1);
      else if (event.key === "ArrowLeft") to = from - 1;
      else if (event.key === "Home") to = 0;
      else if (event.key === "End") to = all.length - 1;
      else if (event.key === "Escape") to = -1;
    }
    if (to === null) return;
    event.preventDefault();
    if (to < 0) words.focus();
    else all[to].focus();
  });
}
