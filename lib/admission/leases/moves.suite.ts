import { RENEW_MS, SHARE_MS } from "./law";
import { World } from "./world.suite";

/** All demand moves from one holder to another: when 99 % can be used there, and what is stranded elsewhere. */
export function moved(input: { holders: number; capacity: number }) {
  const world = new World({ ...input, windowMs: 1000, isBucket: true });
  const stepMs = 100;
  const rows: { ms: number; there: number; stranded: number }[] = [];
  const run = (forMs: number, busy: number) => {
    for (let ms = 0; ms < forMs; ms += stepMs) {
      world.now += stepMs;
      world.call(busy, Math.max(1, Math.floor(input.capacity / 20)));
      if (ms % RENEW_MS === 0) for (const index of world.holders.keys()) world.renew(index);
      const there = world.within(busy) / input.capacity;
      rows.push({ ms: ms + stepMs, there, stranded: 1 - there });
    }
  };
  run(3 * SHARE_MS, 0);
  rows.length = 0;
  run(3 * SHARE_MS, 1);
  const usableAfterMs = rows.find(({ there }) => there >= 0.99)?.ms ?? Number.POSITIVE_INFINITY;
  const strandedAfterMs = (ms: number) => rows.find((row) => row.ms >= ms)?.stranded ?? 1;
  const told = [RENEW_MS, 2 * RENEW_MS, 3 * RENEW_MS, SHARE_MS].map(
    (ms) => `${(ms / 1000).toFixed(0)} s: ${(strandedAfterMs(ms) * 100).toFixed(1)} % stranded`,
  );
  const lines = [
    `demand moves among ${input.holders} holders: 99 % usable after ${usableAfterMs} ms; after ${told.join(", ")}`,
  ];
  return { lines, usableAfterMs, strandedAfterMs };
}

/**
 * One holder has had all calls of a limit, and others come. Counts how many of its first calls each of them is refused,
 * while all together stay within the limit.
 */
export function arrived(input: { holders: number; capacity: number; callsEach: number; apartMs: number }) {
  const { holders, capacity, callsEach, apartMs } = input;
  const world = new World({ holders, capacity, windowMs: 1_000_000_000, isBucket: false });
  const renewals = () => {
    for (const index of world.holders.keys()) if (world.isKnown(index)) world.renew(index);
  };
  world.call(0, 1);
  for (let ms = 0; ms < SHARE_MS; ms += RENEW_MS) {
    world.now += RENEW_MS;
    world.call(0, 1);
    renewals();
  }
  let [admitted, refused] = [0, 0];
  for (let call = 0, sinceMs = 0; call < callsEach; call++) {
    world.now += apartMs;
    for (let index = 0; index < holders; index++) {
      if (world.call(index, 1)) admitted += 1;
      else refused += 1;
    }
    sinceMs += apartMs;
    if (sinceMs < RENEW_MS) continue;
    sinceMs = 0;
    renewals();
  }
  return { admitted, refused, over: world.over };
}
