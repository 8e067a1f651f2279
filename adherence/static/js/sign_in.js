// A sign-in link carries its code behind the "#", which browsers never send to a server.
// It is moved into the field and out of the address; the person then presses the button.

const take = () => {
  const code = decodeURIComponent(location.hash.slice(1));
  const field = document.getElementById("token");
  if (!code || !field) return;
  field.value = code;
  history.replaceState(null, "", location.pathname + location.search);
  for (const link of document.querySelectorAll(".langs a")) link.hash = code;
};

take();
window.addEventListener("hashchange", take);
