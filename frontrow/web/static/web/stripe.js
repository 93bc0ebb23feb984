// Stripe's form for a card, within ours. What is entered there goes to Stripe; we are sent a name for it.

const form = document.querySelector("form[data-stripe]");
const error = form.querySelector("[data-card-error]");

const say = (words) => {
  error.textContent = words;
  error.hidden = !words;
};

const mount = () => {
  const stripe = Stripe(form.dataset.stripe, { locale: document.documentElement.lang });
  const elements = stripe.elements({
    mode: "payment",
    amount: Number(form.dataset.amount),
    currency: form.dataset.currency,
    paymentMethodTypes: ["card"],
    paymentMethodCreation: "manual",
    appearance: {
      theme: matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe",
      variables: { borderRadius: "12px", fontFamily: getComputedStyle(form).fontFamily },
    },
  });
  elements.create("payment").mount(form.querySelector("[data-card]"));
  return { stripe, elements };
};

const named = async ({ stripe, elements }) => {
  const wrong = (await elements.submit()).error;
  if (wrong) return { error: wrong };
  return stripe.createPaymentMethod({ elements });
};

try {
  const card = mount();
  let asked = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.card.value) return; // it has its name now
    event.preventDefault(); // before web.js takes the form for sent
    if (asked) return;
    asked = true;
    say("");
    form.setAttribute("aria-busy", "true");
    const made = await named(card).catch((fault) => ({ error: fault }));
    asked = false;
    form.removeAttribute("aria-busy");
    if (made.error) return say(made.error.message);
    form.elements.card.value = made.paymentMethod.id;
    form.requestSubmit();
  });
} catch {
  say(form.querySelector("[data-card-away]").content.textContent);
}
addEventListener("pageshow", () => (form.elements.card.value = "")); // a name pays once
