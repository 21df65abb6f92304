import { median } from "./stage";
import { AT_ONCE, cpuOf, type Variant } from "./variants";

const content = "Why does water boil earlier on a mountain than at the sea, and what follows for cooking? ".repeat(10);
const body = JSON.stringify({ model: "sim-small", max_tokens: 100, messages: [{ role: "user", content }] });
const USERS = 1000;
const FRONTIER_SECONDS = 2;
export const FRONTIER_MS = [5, 10, 50, 100];
const FRONTIER_RATES = [100, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200, 4800, 6400];

let serial = 0;

/** One chat call, ms. Throws on an unexpected answer. */
export async function call({ name, pools, headers, status }: Variant): Promise<number> {
  const began = performance.now();
  const nth = serial++;
  const send = () =>
    pools[nth % pools.length]?.request({
      method: "POST",
      path: "/v1/chat/completions",
      headers: { "content-type": "application/json", ...headers, "x-spillway-user": `u${nth % USERS}` },
      body,
    });
  // A connection that was idle while other variants ran may have been closed by its server.
  const answer = await send()?.catch(send);
  const text = await answer?.body.text();
  if (answer?.statusCode !== status) throw new Error(`${name}: ${answer?.statusCode}: ${text}`);
  return performance.now() - began;
}

/**
 * Runs with enough callers that the process is never idle, up to this many calls and seconds. CPU per call, µs, calls
 * per second, and the number of calls.
 */
export async function saturate(one: Variant, calls: number, secondsMax = Number.POSITIVE_INFINITY) {
  const [before, began] = [cpuOf(one), performance.now()];
  const until = began + secondsMax * 1000;
  let sent = 0;
  const caller = async () => {
    while (sent < calls && performance.now() < until) {
      sent += 1;
      await call(one);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return {
    micros: (cpuOf(one) - before) / sent,
    perSecond: (sent * 1000) / (performance.now() - began),
    calls: sent,
  };
}

/** The latencies of calls at a steady rate; earlier calls may still run. */
export async function steadily(one: Variant, perSecond: number, calls: number): Promise<number[]> {
  const times: Promise<number>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < calls; sent++) {
    const wait = began + (sent * 1000) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    times.push(call(one));
  }
  return Promise.all(times);
}

/** The highest rate at which 99 of 100 calls took no longer than each of these times; 0 = none of the tried rates. */
export async function frontier(one: Variant): Promise<number[]> {
  const reached = FRONTIER_MS.map(() => 0);
  for (const rate of FRONTIER_RATES) {
    const p99 = median(await steadily(one, rate, FRONTIER_SECONDS * rate), 0.99);
    for (const [index, ms] of FRONTIER_MS.entries()) if (p99 <= ms) reached[index] = rate;
    if (p99 > (FRONTIER_MS.at(-1) ?? 0)) break;
  }
  return reached;
}
