// What an event's page does beyond web.js. Without it the page is as it was when it came.

// data-live: what nobody looks at does not ask.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-live]")) event.preventDefault();
});

// data-share: by what the device has for it, else into the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-share]");
  if (!button) return;
  const { share: url, title, copied } = button.dataset;
  try {
    if (navigator.share) return await navigator.share({ title, url });
    await navigator.clipboard.writeText(url);
    const toast = Object.assign(document.createElement("p"), { className: "notice good", textContent: copied });
    document.querySelector("#toasts").replaceChildren(toast);
    setTimeout(() => toast.remove(), 5000);
  } catch (error) {
    if (error.name !== "AbortError") prompt(title, url);
  }
});
