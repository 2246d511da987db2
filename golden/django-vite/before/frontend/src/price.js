export function price(cents) {
  return `the price is ${(cents / 100).toFixed(2)}`;
}
