// What pages do beyond what a browser does by itself. Everything works without it, only less comfortably.

const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const visitorZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// data-once: a form that is on its way is not sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// data-step="1" or "-1": a button beside a number field.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (!button) return;
  const field = button.parentElement.querySelector("input");
  if (button.dataset.step > 0) field.stepUp();
  else field.stepDown();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

// data-total: the sum of the number fields with data-price (minor units) in the same form; data-currency, data-digits.
const total = (form) => {
  const place = form?.querySelector("[data-total]");
  if (!place) return;
  const fields = [...form.querySelectorAll("[data-price]")];
  const amount = fields.reduce((sum, field) => sum + field.dataset.price * (Number(field.value) || 0), 0);
  const count = fields.reduce((sum, field) => sum + (Number(field.value) || 0), 0);
  const options = { style: "currency", currency: place.dataset.currency, trailingZeroDisplay: "stripIfInteger" };
  place.textContent = new Intl.NumberFormat(language, options).format(amount / 10 ** place.dataset.digits);
  for (const button of form.querySelectorAll("[data-needs-choice]")) {
    button.setAttribute("aria-disabled", String(count === 0));
  }
};
document.addEventListener("input", (event) => total(event.target.form));

// data-left="872": how many seconds were left when the page came. Then the page looks again, three times in a tab:
// what is over may take the service a moment to end. Whether this device's clock is right does not matter; it is asked
// only how long this computer slept.
const came = new WeakMap();
const passed = (place) => {
  const [running, wall] = came.get(place) ?? came.set(place, [performance.now(), Date.now()]).get(place);
  return Math.max(performance.now() - running, Date.now() - wall) / 1000;
};
const lookAgain = () => {
  const known = `looked-again:${location.pathname}`;
  try {
    const times = Number(sessionStorage.getItem(known)) || 0;
    if (times === 3) return;
    sessionStorage.setItem(known, times + 1);
    setTimeout(() => location.reload(), 1500 * 3 ** times);
  } catch {
    return; // a browser that remembers nothing would look for ever
  }
};
const tick = (place) => {
  const left = Math.max(0, Math.ceil(place.dataset.left - passed(place)));
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  const parts = hours ? [hours, minutes, seconds] : [minutes, seconds];
  place.textContent = parts.map((part, n) => (n ? String(part).padStart(2, "0") : part)).join(":");
  place.classList.toggle("soon", left < 60);
  const bar = place.closest("[data-hold]")?.querySelector("progress");
  if (bar) bar.value = left;
  if (left === 0 && !place.dataset.over) {
    place.dataset.over = "yes";
    lookAgain();
  }
};
setInterval(() => document.querySelectorAll("[data-left]").forEach(tick), 1000);

const prepare = (root) => {
  root.querySelectorAll("[data-left]").forEach(tick);
  root.querySelectorAll("form").forEach(total);
  for (const field of root.querySelectorAll("[data-visitor-zone]")) if (!field.value) field.value = visitorZone;
};
prepare(document);
document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));

// data-print: a button for who wants it on paper.
document.addEventListener("click", (event) => event.target.closest("[data-print]") && print());

// Menus close when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A part of the page that could not be fetched is said, where the page has a place for it.
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    const place = document.querySelector("[data-trouble]");
    if (place) place.hidden = false;
  });
}
document.addEventListener("htmx:afterOnLoad", () => {
  const place = document.querySelector("[data-trouble]");
  if (place) place.hidden = true;
});
