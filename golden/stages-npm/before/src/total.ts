/** The sum of prices that are joined by commas. */
export function total(prices: string): number {
  return prices.split(",").reduce((sum, price) => sum + Number(price), 0);
}
