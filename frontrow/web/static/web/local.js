// <time datetime data-zone="Europe/Berlin"> followed by [data-local]: the same moment on the visitor's clock.
// Told while the page is being read, before anything is painted, so that nothing moves.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const tell = (place) => {
    const time = place.parentElement.querySelector("time[data-zone]");
    const moment = new Date(time.dateTime);
    const clock = (there) => moment.toLocaleString("en", { timeZone: there, dateStyle: "short", timeStyle: "short" });
    if (clock(time.dataset.zone) === clock(zone)) return;
    const { lang } = document.documentElement;
    const shown = moment.toLocaleString(lang === "en" ? "en-GB" : lang, { weekday: "short", hour: "2-digit", minute: "2-digit" });
    place.textContent = place.dataset.local.replace("%s", shown);
    place.hidden = false;
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const each of addedNodes) {
        if (each.matches?.("[data-local]")) tell(each);
        else each.querySelectorAll?.("[data-local]").forEach(tell);
      }
    }
  }).observe(document, { childList: true, subtree: true });
})();
