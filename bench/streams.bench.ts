import { Pool } from "undici";
import { cpuMicros, median, rssBytes, setStage } from "./gateway/stage";

/**
 * What a stream costs beside a proxy that passes bytes on: the time that it adds to the first byte, CPU per chunk, and what
 * hundreds of held streams take of memory and of a core. Redis, 12 limits and 2 leases, one call process.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const FIRST_BYTES = Number(process.env.FIRST_BYTES ?? 100);
const AT_ONCE = 50;
const CHUNKS = 200;
const CHUNK_MS = 10;
const HELD = Number(process.env.HELD ?? 500);
const HELD_MS = 100;
const HELD_SECONDS = Number(process.env.HELD_SECONDS ?? 20);

const stage = await setStage();
const { bare, plane, shared } = stage;
type Variant = { readonly name: string; readonly pid: number; readonly pool: Pool };
const pool = (url: string) => new Pool(url, { connections: HELD + AT_ONCE });
const variants: readonly Variant[] = [
  { name: "bare proxy", pid: bare.pid, pool: pool(bare.url) },
  { name: "Spillway", pid: plane.process.child.pid ?? 0, pool: pool(plane.baseUrl) },
];

let serial = 0;
/** Reads one stream to its end; the time to its first byte, ms. */
async function stream(one: Variant, chunks: number, everyMs: number): Promise<number> {
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
      stream: true,
      max_tokens: chunks,
      seed: everyMs,
      messages: [{ role: "user", content: "Why does water boil earlier on a mountain?" }],
    }),
  });
  let firstMs = 0;
  let text = "";
  for await (const chunk of answer.body) {
    if (firstMs === 0) firstMs = performance.now() - began;
    text = String(chunk);
  }
  if (answer.statusCode !== 200 || !text.includes("[DONE]")) throw new Error(`${answer.statusCode}: ${text}`);
  return firstMs;
}

const many = (one: Variant, count: number, chunks: number, everyMs: number) =>
  Promise.all(Array.from({ length: count }, () => stream(one, chunks, everyMs)));

const perChunk = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
const firstMs = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
  for (const one of variants) {
    const before = cpuMicros(one.pid);
    await many(one, AT_ONCE, CHUNKS, CHUNK_MS);
    if (round >= 0) perChunk.get(one.name)?.push((cpuMicros(one.pid) - before) / (AT_ONCE * CHUNKS));
  }
  for (let nth = 0; nth < FIRST_BYTES; nth++) {
    for (const one of variants) firstMs.get(one.name)?.push(await stream(one, 1, 1));
  }
}
const rows = [];
for (const one of variants) {
  const before = cpuMicros(one.pid);
  const running = many(one, HELD, (HELD_SECONDS * 1000) / HELD_MS, HELD_MS);
  await new Promise((resolve) => setTimeout(resolve, HELD_SECONDS * 500));
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

console.log(
  `Node ${process.version}; medians of ${ROUNDS} rounds; ${HELD} streams held with ${1000 / HELD_MS} chunks/s each\n`,
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
if (process.argv.includes("--json"))
  console.log(JSON.stringify(Object.fromEntries(rows.map((row) => [row.name, row]))));
for (const one of variants) await one.pool.close();
await stage.close();
process.exit(0);
