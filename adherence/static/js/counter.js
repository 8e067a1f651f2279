// Counting repetitions and seconds on the page of an exercise. Without scripts the page has no counter.

const ring = (card, share) => {
  const drawn = Math.round(100 * Math.min(1, Math.max(0, share)));
  card.querySelector("[data-ring]").setAttribute("stroke-dasharray", `${drawn} ${100 - drawn}`);
};

const show = (card, value) => {
  card.querySelector("[data-value]").textContent = String(value);
};

for (const card of document.querySelectorAll("[data-count]")) {
  const asked = Number(card.dataset.count);
  let counted = 0;
  const step = (by) => {
    counted = Math.max(0, counted + by);
    show(card, counted);
    ring(card, counted / asked);
  };
  card.querySelector("[data-more]").addEventListener("click", () => step(1));
  card.querySelector("[data-less]").addEventListener("click", () => step(-1));
}

for (const card of document.querySelectorAll("[data-hold]")) {
  const asked = Number(card.dataset.hold);
  let timer = 0;
  let left = asked;
  const draw = () => {
    show(card, left);
    ring(card, (asked - left) / asked);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
  };
  const start = () => {
    stop();
    if (left === 0) left = asked;
    draw();
    timer = setInterval(() => {
      left -= 1;
      draw();
      if (left <= 0) stop();
    }, 1000);
  };
  card.querySelector("[data-start]").addEventListener("click", () => (timer ? stop() : start()));
  card.querySelector("[data-again]").addEventListener("click", () => {
    stop();
    left = asked;
    draw();
  });
}

document.querySelector("[data-counters]")?.removeAttribute("hidden");
