import type { Priority } from "@/lib/limits/rules/priority";
import type { Arrival } from "./world";

const SHARES: readonly (readonly [Priority, number])[] = [
  ["interactive", 0.3],
  ["standard", 0.3],
  ["batch", 0.25],
  ["background", 0.15],
];

/** Log-normal costs and gaps with bursts: `load` times what the resource gives, for `forMs`. */
export function drawn(input: {
  readonly random: () => number;
  readonly load: number;
  readonly perMs: number;
  readonly forMs: number;
  readonly tenants: number;
  readonly largest: number;
}): Arrival[] {
  const { random, load, perMs, forMs, tenants, largest } = input;
  const meanCost = largest / 8;
  const arrivals: Arrival[] = [];
  for (let at = 0; at < forMs; ) {
    const cost = Math.max(1, Math.min(largest, Math.round(logNormal(random, meanCost))));
    const tenant = Math.floor(random() ** 2 * tenants);
    const priority = picked(random());
    arrivals.push({
      at,
      tenantId: `t${tenant}`,
      priority,
      weight: 4 ** (tenant % 3),
      cost,
      runMs: Math.round(logNormal(random, 2000)),
    });
    // One of five arrives together with the one before.
    if (random() > 0.2) at += Math.ceil(logNormal(random, (1.25 * meanCost) / (load * perMs)));
  }
  return arrivals;
}

function picked(roll: number): Priority {
  let sum = 0;
  for (const [priority, share] of SHARES) {
    sum += share;
    if (roll < sum) return priority;
  }
  return "standard";
}

function logNormal(random: () => number, mean: number): number {
  const sigma = 0.8;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return mean * Math.exp(sigma * normal - (sigma * sigma) / 2);
}
