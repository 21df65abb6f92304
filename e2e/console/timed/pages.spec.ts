import type { Page } from "@playwright/test";
import { fill } from "../../scale/fill";
import { expect, test } from "../fixture";

/** How every page does with many tenants and a long ledger: `npm run workflows -- --pages --calls 10000000`. */
const TENANTS = 5000;
const KEYS_PER_TENANT = 4;
const CALLS = Number(process.env.CALLS ?? 200_000);
const DAYS = 7;
const ROUNDS = 3;
const IDLE_MS = Number(process.env.IDLE_MS ?? 20_000);
const SETTLE_MS = 5000;
const MINUTE_MS = 60_000;
const MAX = { interactiveMs: 1500, filterP95Ms: 300, idleBytesPerMinute: 50_000, nodes: 3000 };
const ALL_PAGES = [
  "/",
  "/tenants",
  "/tenants/many-1",
  "/requests?tenant=many-1",
  "/requests/log",
  "/requests/log?tenant=many-1",
  "/requests/log?group=key",
  "/keys",
  "/spend",
  "/spend?by=key",
  "/brakes",
  "/tiers",
  "/tiers/standard",
  "/alerts",
  "/statements?tenant=many-1",
  "/reconciliation",
  "/catalog",
  "/prices",
  "/providers",
  "/scarcity",
  "/status",
  "/audit",
];
const PAGES = process.env.ONLY?.split(",") ?? ALL_PAGES;

test.beforeAll(async ({ spillway }) => {
  test.setTimeout(3_600_000);
  const began = Date.now();
  const tenants = async () => (await spillway.admin<{ tenantsTotal: number }>("GET", "overview")).tenantsTotal;
  if ((await tenants()) > TENANTS) return void process.stdout.write("measures the data that are there\n");
  const size = { tenants: TENANTS, keysPerTenant: KEYS_PER_TENANT, calls: CALLS, hours: DAYS * 24 };
  await fill(spillway.dataDir, size);
  await expect.poll(tenants).toBeGreaterThan(TENANTS);
  process.stdout.write(`filled with ${CALLS} calls in ${Math.round((Date.now() - began) / 1000)} s\n`);
});

/** Everything that the page shows first is there. */
async function isInteractive(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.waitForFunction(
    () =>
      document.querySelectorAll("[aria-busy=true], [data-visible=true].mantine-Skeleton-root").length === 0 &&
      document.querySelector("section") !== null,
    undefined,
    { polling: 20 },
  );
}

test("each page: time until it is there, elements, and bytes while nobody does anything", async ({ console: page }) => {
  test.setTimeout(1_800_000);
  const bytesOf = await countBytes(page);
  const over: string[] = [];
  for (const path of PAGES) {
    const times: number[] = [];
    let steps = "";
    for (let round = 0; round < ROUNDS; round++) {
      const began = Date.now();
      await isInteractive(page, path);
      times.push(Date.now() - began);
      steps = await page.evaluate(stepsOf);
    }
    const [, median = 0] = times.sort((one, other) => one - other);
    const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
    // What is loaded ahead of a click comes right after the page.
    await page.waitForTimeout(SETTLE_MS);
    bytesOf.clear();
    await page.waitForTimeout(IDLE_MS);
    const perMinute = (bytes: number) => Math.round((bytes * MINUTE_MS) / IDLE_MS / 1000);
    const sources = [...bytesOf].sort(([, one], [, other]) => other - one);
    const idle = perMinute(sources.reduce((sum, [, bytes]) => sum + bytes, 0));
    const isOver = median > MAX.interactiveMs || nodes > MAX.nodes || idle > MAX.idleBytesPerMinute / 1000;
    if (isOver) over.push(path);
    const figures = [`${median} ms`, `${nodes} elements`, `${idle} KB a minute when idle`];
    process.stdout.write(`page: ${path}: ${figures.join(", ")}${isOver ? "  OVER" : ""}\n`);
    const most = sources.slice(0, SOURCES_SHOWN).map(([source, bytes]) => `${source} ${perMinute(bytes)} KB`);
    process.stdout.write(`  ${steps}; idle: ${most.join(", ")}\n`);
  }
  process.stdout.write(`pages over a bound: ${over.length === 0 ? "none" : over.join(", ")}\n`);
});

const SOURCES_SHOWN = 4;

/** The bytes that a page gets, by where they come from. */
async function countBytes(page: Page): Promise<Map<string, number>> {
  const tell = await page.context().newCDPSession(page);
  await tell.send("Network.enable");
  const pathOf = new Map<string, string>();
  const bytesOf = new Map<string, number>();
  tell.on("Network.requestWillBeSent", ({ requestId, request }) => {
    pathOf.set(requestId, new URL(request.url).pathname);
  });
  tell.on("Network.dataReceived", ({ requestId, encodedDataLength, dataLength }) => {
    const path = pathOf.get(requestId) ?? "?";
    bytesOf.set(path, (bytesOf.get(path) ?? 0) + (encodedDataLength || dataLength));
  });
  return bytesOf;
}

/** What the browser waited for, in ms since the page was asked for. Runs in the browser. */
function stepsOf(): string {
  const [page] = performance.getEntriesByType("navigation");
  const loaded = performance.getEntriesByType("resource").filter((one) => one instanceof PerformanceResourceTiming);
  const last = (all: readonly PerformanceResourceTiming[]) =>
    Math.round(Math.max(0, ...all.map((one) => one.responseEnd)));
  const reads = loaded.filter(({ name }) => name.includes("/api/admin/") && !name.endsWith("/live"));
  const scripts = loaded.filter(({ name }) => name.endsWith(".js"));
  const slowest = [...reads].sort((one, other) => other.duration - one.duration).slice(0, 3);
  const words = slowest.map((one) => {
    const name = one.name.slice(one.name.indexOf("/api/admin/") + "/api/admin/".length).slice(0, 40);
    return `${name} ${Math.round(one.startTime)}+${Math.round(one.duration)}`;
  });
  const html =
    page instanceof PerformanceNavigationTiming ? [page.responseStart, page.responseEnd, page.loadEventEnd] : [];
  const others = loaded.length - reads.length - scripts.length;
  return `html ${html.map(Math.round).join("/")}, ${scripts.length} scripts until ${last(scripts)}, ${reads.length} reads until ${last(reads)} (${words.join(", ")}), ${others} others`;
}

const FILTERS: Readonly<Record<string, (round: number) => string>> = {
  "tenants by name": (round) => `tenants?limit=50&find=${encodeURIComponent(`many 00${1000 + round * 37}`)}`,
  "keys by part": (round) => `keys?limit=50&find=MANY000${10_000 + round * 113}`,
  "keys that expire": () => "keys?limit=50&state=expiring",
  "log of a tenant": (round) => `requests?size=50&tenant=many-${1 + round * 7}`,
  "log of a model": (round) => `requests?size=50&model=${["sim-small", "sim-large", "sim-vision"][round % 3]}`,
  "log, failed ones of an address": (round) => `requests?size=50&kind=failed&address=10.0.1.${round}`,
  "log, nothing fits": (round) => `requests?size=50&outcome=none-${round}`,
  "facets of everything": () => "requests/facets?bucketSeconds=3600",
  "facets of a tenant": (round) => `requests/facets?bucketSeconds=3600&tenant=many-${1 + round}`,
  "sums of an hour by key": (round) => `requests/sums?by=key&model=sim-large&${hourAgo(1 + round * 3)}`,
  "sums of everything by tenant": () => "requests/sums?by=tenant",
  "spend of a week by tenant": () => `usage?by=tenant&grain=day&total=true&from=${daysAgo(DAYS)}`,
  "spend of a day by key": () => `usage?by=key&grain=hour&total=true&from=${daysAgo(1)}`,
  "top movers": () => "overview/movers",
  overview: () => "overview",
};

function hourAgo(hours: number): string {
  const from = Date.now() - hours * 60 * MINUTE_MS;
  return `from=${new Date(from).toISOString()}&to=${new Date(from + 60 * MINUTE_MS).toISOString()}`;
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 24 * 60 * MINUTE_MS).toISOString();
}

test("each filter: 95th percentile of twenty", async ({ spillway }) => {
  test.setTimeout(600_000);
  const over: string[] = [];
  for (const [name, pathOf] of Object.entries(FILTERS)) {
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const began = performance.now();
      await spillway.admin("GET", pathOf(round));
      times.push(performance.now() - began);
    }
    times.sort((one, other) => one - other);
    const [p50, p95] = [times[9] ?? 0, times[18] ?? 0].map(Math.round);
    const isOver = (p95 ?? 0) > MAX.filterP95Ms;
    if (isOver) over.push(name);
    process.stdout.write(`filter: ${name}: p50 ${p50} ms, p95 ${p95} ms${isOver ? "  OVER" : ""}\n`);
  }
  process.stdout.write(`filters over ${MAX.filterP95Ms} ms: ${over.length === 0 ? "none" : over.join(", ")}\n`);
});
