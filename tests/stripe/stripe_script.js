// A stand-in for Stripe's script: its form is one field, its bank one question. It asks api.stripe.com as the real one does.
const api = "https://api.stripe.com/v1";

window.Stripe = (key) => {
  const asked = (path, facts) =>
    fetch(`${api}${path}`, { method: "POST", body: JSON.stringify({ key, ...facts }) }).then((answer) => answer.json());
  const number = () => document.querySelector("#card-number").value.replaceAll(" ", "");
  return {
    elements: () => ({
      create: () => ({
        mount: (place) => (place.innerHTML = '<div class="field"><label for="card-number">Card number</label><input id="card-number"></div>'),
      }),
      submit: async () => (number() ? {} : { error: { message: "Your card number is incomplete." } }),
    }),
    createPaymentMethod: async () => ({ paymentMethod: await asked("/payment_methods", { number: number() }) }),
    handleNextAction: async ({ clientSecret }) => {
      const success = confirm("Is it you who pays?");
      return asked("/authenticate", { clientSecret, success });
    },
  };
};
