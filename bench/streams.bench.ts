import { Pool } from "undici";
import { collected } from "./gateway/collected";
import { cpuMicros, median, rssBytes, setStage } from "./gateway/stage";

/**
 * The cost of a stream compared with a proxy that only passes bytes on: the added time to the first byte, CPU per
 * chunk, memory and CPU for hundreds of held streams, and memory per running call. Redis, 12 limits and 2 leases, one
 * call process.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const FIRST_BYTES = Number(process.env.FIRST_BYTES ?? 200);
/** Warm-up streams of each variant before its first round. Each has as many chunks as a measured one. */
const WARM_STREAMS = Number(process.env.WARM_STREAMS ?? 500);
const AT_ONCE = 50;
const CHUNKS = 200;
const CHUNK_MS = 10;
const HELD = Number(process.env.HELD ?? 500);
const HELD_MS = 100;
const HELD_SECONDS = Number(process.env.HELD_SECONDS ?? 20);

const beganAt = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - beganAt) / 1000).toFixed(0).padStart(5)} s  ${text}\n`);

say("starting");
const stage = await setStage();
const { bare, plane, shared } = stage;
type Variant = { readonly name: string; readonly pid: number; readonly pool: Pool };
const pool = (url: string) => new Pool(url, { connections: HELD + AT_ONCE });
const spillway: Variant = { name: "Spillway", pid: plane.process.child.pid ?? 0, pool: pool(plane.baseUrl) };
const variants: readonly Variant[] = [{ name: "bare proxy", pid: bare.pid, pool: pool(bare.url) }, spillway];

let serial = 0;
/** Reads one answer to its end: a stream, or one that comes after `everyMs`. The time to its first byte, ms. */
async function ask(one: Variant, asked: { stream: boolean; chunks: number; everyMs: number }): Promise<number> {
  const began = performance.now();
  const answer = await one.pool.request({
    method: "POST",
    path: "/v1/chat/completions",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${shared.demo.keys.standard}`,
      "x-spillway-user": `u${serial++ % 1000}`,
    },
    body: JSON.stringify({
      model: "sim-small",
      stream: asked.stream,
      max_tokens: asked.chunks,
      seed: asked.everyMs,
      messages: [{ role: "user", content: "Why does water boil earlier on a mountain?" }],
    }),
  });
  let firstMs = 0;
  let text = "";
  for await (const chunk of answer.body) {
    if (firstMs === 0) firstMs = performance.now() - began;
    text = String(chunk);
  }
  if (answer.statusCode !== 200 || text.includes("[DONE]") !== asked.stream)
    throw new Error(`${answer.statusCode}: ${text}`);
  return firstMs;
}

const streams = (one: Variant, count: number, chunks: number, everyMs: number) =>
  Promise.all(Array.from({ length: count }, () => ask(one, { stream: true, chunks, everyMs })));
const calls = (one: Variant, count: number, afterMs: number) =>
  Promise.all(Array.from({ length: count }, () => ask(one, { stream: false, chunks: 100, everyMs: afterMs })));
const passed = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const one of variants) {
  say(`warming: ${one.name}`);
  for (let left = WARM_STREAMS; left > 0; left -= AT_ONCE) await streams(one, AT_ONCE, CHUNKS, 1);
}
const perChunk = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
const firstMs = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  say(`round ${round + 1} of ${ROUNDS}`);
  for (const one of variants) {
    const before = cpuMicros(one.pid);
    await streams(one, AT_ONCE, CHUNKS, CHUNK_MS);
    perChunk.get(one.name)?.push((cpuMicros(one.pid) - before) / (AT_ONCE * CHUNKS));
  }
  for (let nth = 0; nth < FIRST_BYTES; nth++)
    for (const one of variants) firstMs.get(one.name)?.push(await ask(one, { stream: true, chunks: 1, everyMs: 1 }));
}
const rows = [];
for (const one of variants) {
  say(`holding ${HELD} streams: ${one.name}`);
  const before = cpuMicros(one.pid);
  const running = streams(one, HELD, (HELD_SECONDS * 1000) / HELD_MS, HELD_MS);
  await passed(HELD_SECONDS * 500);
  const rssMb = rssBytes(one.pid) / 1e6;
  await running;
  rows.push({
    name: one.name,
    cpuMicrosPerChunk: median(perChunk.get(one.name) ?? []),
    firstByteMs: median(firstMs.get(one.name) ?? []),
    heldRssMb: rssMb,
    heldCoreShare: (cpuMicros(one.pid) - before) / 1e6 / HELD_SECONDS,
  });
}

/** Memory of the call process per running call, bytes: live right after a collection. Connections are open before. */
async function bytesOfEach(run: () => Promise<unknown>): Promise<number> {
  const before = await collected(plane);
  const running = run();
  await passed(HELD_SECONDS * 500);
  const meanwhile = await collected(plane);
  await running;
  return (meanwhile.alive - before.alive) / HELD;
}
say(`memory of ${HELD} streams, and of ${HELD} calls that wait for their answers`);
const bytesPerStream = await bytesOfEach(() => streams(spillway, HELD, (HELD_SECONDS * 1000) / HELD_MS, HELD_MS));
const bytesPerCall = await bytesOfEach(() => calls(spillway, HELD, HELD_SECONDS * 1000));
say("done");

console.log(
  `\nNode ${process.version}; medians of ${ROUNDS} rounds; ${HELD} streams held with ${1000 / HELD_MS} chunks/s each\n`,
);
console.table(
  rows.map((row) => ({
    variant: row.name,
    "CPU µs per chunk": row.cpuMicrosPerChunk.toFixed(1),
    "first byte p50 ms": row.firstByteMs.toFixed(2),
    "held: RSS MB": row.heldRssMb.toFixed(0),
    "held: share of a core": row.heldCoreShare.toFixed(2),
  })),
);
console.log(
  `memory while it runs: ${(bytesPerStream / 1000).toFixed(1)} kB for each stream, ${(bytesPerCall / 1000).toFixed(1)} kB for each call`,
);
if (process.argv.includes("--json"))
  console.log(
    JSON.stringify({
      node: process.version,
      variants: Object.fromEntries(rows.map((row) => [row.name, row])),
      bytesPerStream,
      bytesPerCall,
    }),
  );
for (const one of variants) await one.pool.close();
await stage.close();
process.exit(0);
