// Lets the bank ask, by Stripe's script; then we look what became of it.
const page = document.querySelector("[data-client-secret]");

const ask = async () => {
  const stripe = Stripe(page.dataset.publicKey);
  await stripe.handleNextAction({ clientSecret: page.dataset.clientSecret });
  page.querySelector("form").submit(); // also after a refusal: the booking's page tells what became of it
};

ask().catch(() => (page.querySelector("[data-trouble]").hidden = false));
