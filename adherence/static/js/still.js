// Somebody who types for long sends nothing, and must not be signed out while doing so. One word a
// minute, and only after a key, a touch or a click of a person; when the session ends is not moved.

const EVERY = 60_000;
const token = document.querySelector("input[name=csrf_token]");
let said = Date.now();

const notice = (event) => {
  if (!event.isTrusted || Date.now() - said < EVERY) return;
  said = Date.now();
  fetch("/still-here", { method: "POST", headers: { "X-CSRF-Token": token.value } }).catch(() => {});
};

if (token) {
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, notice, { passive: true });
}
