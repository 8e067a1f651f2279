// The form of a clinic's own exercise: the figure follows the sliders while they move.

const form = document.querySelector("[data-own]");
const section = form?.querySelector("[data-figure]");
const warning = form?.querySelector("[data-warning]");

const show = (slider) => {
  const said = form.querySelector(`output[for="${slider.id}"]`);
  if (said) said.textContent = `${slider.value}°`;
};

if (form && section) {
  let asked = 0;
  const draw = async (seconds) => {
    const mine = ++asked;
    const sent = new FormData(form);
    sent.delete("file");
    try {
      const answer = await fetch(form.dataset.draw, { method: "POST", body: sent });
      if (!answer.ok || mine !== asked) return;
      const found = await answer.json();
      if (mine !== asked) return;
      warning.textContent = found.warning;
      warning.hidden = !found.warning;
      section.dispatchEvent(new CustomEvent("figure:motion", { detail: found.motion }));
      section.dispatchEvent(new CustomEvent("figure:at", { detail: seconds }));
    } catch {
      // Offline: the button draws it with the next answer of the server.
    }
  };

  let waiting = 0;
  form.addEventListener("input", (event) => {
    const pose = event.target.closest(".own-pose");
    if (!pose) return;
    if (event.target.type === "range") show(event.target);
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => draw(Number(pose.dataset.at)), 120);
  });

  for (const pose of form.querySelectorAll(".own-pose")) {
    pose.addEventListener("toggle", () => {
      if (pose.open) {
        section.dispatchEvent(new CustomEvent("figure:at", { detail: Number(pose.dataset.at) }));
      }
    });
  }
}
