// What every page adds when scripts run: a form is sent once, and an error summary is read first.

const wrong =
  document.querySelector("[data-focus]") ??
  document.querySelector("[aria-invalid]") ??
  document.querySelector(".wrong")?.closest("fieldset")?.querySelector("input");
wrong?.focus();

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
}

// A page taken back from the browser's memory may be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  }
});
