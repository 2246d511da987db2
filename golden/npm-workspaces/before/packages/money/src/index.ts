export const gross = (net: number, rate = 0.25): number => Math.round(net * (1 + rate) * 100) / 100;
