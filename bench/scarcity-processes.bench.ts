import { Agent, request } from "undici";
import { Fleet } from "../e2e/fixtures/fleet";
import { freePort } from "../e2e/fixtures/process";
import type { Spillway } from "../e2e/fixtures/spillway";
import { PRIORITIES } from "../lib/limits/rules/priority";
import { script } from "./gateway/stage";
import { type Asked, arrivalsFor, type Ended, summed } from "./scarcity/offered";

/**
 * Two real processes on one Redis, and a provider of 60 requests and 40,000 tokens a minute. Ten times as many calls
 * for a minute, until the last has ended. First reactive (no figures, no headers: a limit is learned by its 429), then
 * with headroom; once where requests are scarce and once where tokens are. SECONDS and SEED may be set; ONLY runs the
 * variants whose names contain it.
 */
const REQUESTS = 60;
const TOKENS = 40_000;
const SECONDS = Number(process.env.SECONDS ?? 60);
const SEED = Number(process.env.SEED ?? 1);
const TENANTS = ["free", "standard", "enterprise"] as const;

/** `inputTokens` of text and `maxTokens` of output, as the provider counts. */
type Way = {
  readonly name: string;
  readonly path: "quiet" | "told";
  readonly perMinute: number;
  readonly inputTokens: number;
  readonly maxTokens: number;
};
const SMALL = { perMinute: 10 * REQUESTS, inputTokens: 200, maxTokens: 200 };
const LARGE = { perMinute: (10 * TOKENS) / 2000, inputTokens: 200, maxTokens: 1800 };
const WAYS: readonly Way[] = [
  { name: "reactive, requests are scarce", path: "quiet", ...SMALL },
  { name: "reactive, tokens are scarce", path: "quiet", ...LARGE },
  { name: "headroom, requests are scarce", path: "told", ...SMALL },
  { name: "headroom, tokens are scarce", path: "told", ...LARGE },
];

const port = await freePort();
const upstream = `http://127.0.0.1:${port}`;
await script("limited.mjs", String(port), String(REQUESTS), String(TOKENS));
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
const results: Played[] = [];
for (const [number, way] of WAYS.entries()) {
  if (!way.name.includes(process.env.ONLY ?? "")) continue;
  const one = await played(way, number);
  results.push(one);
  print(one);
}
if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify(results)}\n`);
await agent.destroy();
process.exit(0);

type Played = { way: Way; classes: ReturnType<typeof summed>; sent: number; limited: number };

async function played(way: Way, number: number): Promise<Played> {
  // A separate fleet: pressure and cool-downs of one variant must not affect the next.
  const fleet = await Fleet.run(2);
  try {
    const [one] = fleet.processes;
    if (one === undefined) throw new Error("no process");
    const path = `${way.path}${number}`;
    const keys = await prepared(one, way, path);
    const ended = await offered(fleet.processes, way, keys);
    const response = await fetch(`${upstream}/counts`);
    const counts: Record<string, { sent: number; limited: number }> = await response.json();
    const { sent = 0, limited = 0 } = counts[path] ?? {};
    return { way, classes: summed(ended, SECONDS), sent, limited };
  } finally {
    await fleet.stop();
  }
}

/** The provider, its model, tiers without limits, and for each tenant a key that allows any priority. */
async function prepared(one: Spillway, { path: kind }: Way, path: string): Promise<readonly string[]> {
  const figures = kind === "told" ? { requestsPerMinute: REQUESTS, tokensPerMinute: TOKENS } : {};
  const provider = { name: "Limited", baseUrl: `${upstream}/${path}/v1`, allowLocal: true, ...figures };
  await one.admin("PUT", "providers/limited", provider);
  await one.admin("PUT", "models/limited", {
    provider: "limited",
    upstreamName: "limited",
    contextTokens: 100_000,
    maxOutputTokens: 4000,
    defaultOutputTokens: 1000,
    price: { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 4_000_000 },
  });
  const keys: string[] = [];
  for (const slug of TENANTS) {
    const tier = await one.admin<Record<string, unknown>>("GET", `tiers/${slug}`);
    await one.admin("PUT", `tiers/${slug}`, { ...tier, limits: [] });
    const made = await one.admin<{ key: string }>("POST", "keys", {
      tenant: slug,
      name: "any",
      priority: "interactive",
    });
    keys.push(made.key);
  }
  return keys;
}

async function offered(fleet: readonly Spillway[], way: Way, keys: readonly string[]): Promise<readonly Ended[]> {
  const arrivals = arrivalsFor({ seed: SEED, perMinute: way.perMinute, seconds: SECONDS, tenants: keys.length });
  const began = performance.now();
  return Promise.all(
    arrivals.map(async (call, index) => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + call.atMs - performance.now())));
      const process = fleet[index % fleet.length];
      if (process === undefined) throw new Error("no process");
      return one(process.baseUrl, way, keys[call.tenant] ?? "", call);
    }),
  );
}

async function one(baseUrl: string, { inputTokens, maxTokens }: Way, key: string, call: Asked): Promise<Ended> {
  const began = performance.now();
  const answer = await request(`${baseUrl}/v1/chat/completions`, {
    method: "POST",
    dispatcher: agent,
    headersTimeout: 0,
    bodyTimeout: 0,
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-spillway-priority": call.priority,
    },
    body: JSON.stringify({
      model: "limited",
      max_tokens: maxTokens,
      messages: [{ role: "user", content: "boil ".repeat((inputTokens * 4) / 5) }],
    }),
  });
  const text = await answer.body.text();
  const code = answer.statusCode === 200 ? "served" : String(JSON.parse(text).error?.code);
  const waitedMs = Number(answer.headers["x-spillway-queued-ms"] ?? 0);
  return { ...call, code, waitedMs, tookMs: performance.now() - began };
}

function print({ way, classes, sent, limited }: Played): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const share = percent(limited / Math.max(1, sent));
  process.stdout.write(`\n${way.name}: ${way.perMinute} calls a minute for ${SECONDS} s\n`);
  process.stdout.write(`  429s of the provider: ${limited} of ${sent} sent, ${share}\n`);
  for (const priority of PRIORITIES) {
    const { of, served, servedMeanwhile, p95WaitMs, codes } = classes[priority];
    const words = Object.entries(codes).map(([code, count]) => `${code} ${count}`);
    const part = percent(served / Math.max(1, of)).padStart(8);
    const meanwhile = `${percent(servedMeanwhile / Math.max(1, of))} meanwhile`.padStart(17);
    const wait = `p95 wait ${(p95WaitMs / 1000).toFixed(1)} s`.padEnd(18);
    const name = priority.padEnd(12);
    process.stdout.write(
      `  ${name} ${String(of).padStart(4)} calls, served ${part}, ${meanwhile}, ${wait} ${words.join(", ")}\n`,
    );
  }
}
