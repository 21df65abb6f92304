import type { Dimension } from "../rules/dimensions";
import type { AlgorithmName } from "../rules/rule";
import type { Algorithm } from "./algorithm";
import { calendarWindow, fixedWindow } from "./fixed-window";
import { leakyBucket } from "./leaky-bucket";
import { slidingWindow } from "./sliding-window";
import { requestBucket, tokenBucket } from "./token-bucket";

/** The counting algorithms by name. Concurrency is not here: it is a set of leases, not a slot. */
export const SLOT_ALGORITHMS: Readonly<Record<Exclude<AlgorithmName, "concurrency">, Algorithm>> = {
  token_bucket: tokenBucket,
  leaky_bucket: leakyBucket,
  sliding_window: slidingWindow,
  fixed_window: fixedWindow,
  calendar_window: calendarWindow,
};

/** The algorithm of a rule that counts in a slot; throws for concurrency, which no caller may ask for. */
export function slotAlgorithm(name: AlgorithmName): Algorithm {
  if (name === "concurrency") throw new Error("concurrency is counted in leases, not in a slot");
  return SLOT_ALGORITHMS[name];
}

/** The algorithm that charges and corrects a rule's counter of a dimension. */
export function chargedBy(name: AlgorithmName, dimension: Dimension): Algorithm {
  return name === "token_bucket" && !isLayered(name, dimension) ? requestBucket : slotAlgorithm(name);
}

/** Whether a counter keeps a layer for each running call: such a counter gets every settlement. */
export function isLayered(name: AlgorithmName, dimension: Dimension): boolean {
  return name === "leaky_bucket" || (name === "token_bucket" && dimension !== "requests");
}
