import { afterEach, expect, test } from "vitest";
import { storeKeys } from "@/lib/admission/keys";
import { Fleet } from "../fixtures/fleet";
import { until, windowFarFromEnd } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { LedgerRow, Spillway } from "../fixtures/spillway";
import { RedisCluster } from "./redis-cluster";

const CAPACITY = 400;
const CALLERS = 12;
const PREFIX = "clu";
/** More than all refusals that 12 callers can collect while leases grow and a replica is elected. */
const TRIES_MAX = 100_000;
/** Six Redis servers and four processes start first, on a machine that may run much else. */
const LONG_MS = 300_000;

let cluster: RedisCluster;
let fleet: Fleet;
let provider: Provider;

afterEach(async () => {
  await fleet?.stop();
  await provider?.stop();
  await cluster?.stop();
});

async function setUp(tenants: "together" | "apart"): Promise<void> {
  cluster = await RedisCluster.run(1);
  const env = { REDIS_CLUSTER: cluster.urls.join(","), REDIS_CLUSTER_TENANTS: tenants, REDIS_PREFIX: PREFIX };
  fleet = await Fleet.run(4, { ...env, REDIS_URL: "", LEASE_SECONDS: "2" });
  // One of its own, as it has limits too.
  provider = await Provider.run();
  await provider.serve(processAt(0));
}

function processAt(index: number): Spillway {
  const one = fleet.processes[index % 4];
  if (one === undefined) throw new Error("a fleet of four");
  return one;
}

type Limit = { name: string; layer: string; dimension: string; capacity: number; windowSeconds: number | null };

/** So many calls in all, of the tenant or of everybody, and none without the store; everything else out of the way. */
async function callBudget(layer: "tenant" | "global"): Promise<void> {
  const tier = await processAt(0).admin<{ limits: Limit[] }>("GET", "tiers/standard");
  const wide = tier.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 1000 }));
  const bound = {
    name: "calls-bound",
    layer,
    dimension: "requests",
    algorithm: "fixed_window",
    capacity: CAPACITY,
    windowSeconds: windowFarFromEnd(),
    failureMode: "closed",
  };
  const isOwn = layer === "tenant";
  await processAt(0).admin("PUT", "tiers/standard", { ...tier, limits: isOwn ? [...wide, bound] : wide });
  if (isOwn) return;
  const { version } = await processAt(0).admin<{ version: number }>("GET", "everyone");
  await processAt(0).admin("PUT", "everyone", { version, limits: [bound], comment: "one limit that all share" });
}

test.each([
  ["together", "tenant"],
  ["apart", "global"],
] as const)(
  "four processes, tenants %s on a cluster, a limit of the layer %s: not one call more when a master is killed under load",
  { timeout: LONG_MS },
  async (tenants, layer) => {
    await setUp(tenants);
    await callBudget(layer);
    const key = processAt(0).demo.keys.standard;
    const counted = { admitted: new Set<string>(), refused: 0, away: 0, other: [] as number[] };
    let isKilled = false;
    let [awayAt, backAt] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const caller = async (number: number) => {
      for (let call = 0; call < TRIES_MAX && counted.refused < 40; call++) {
        const began = performance.now();
        const answer = await processAt(number + call).chat(key, { stream: call % 3 === 0 });
        await answer.text();
        if (answer.status === 200) {
          counted.admitted.add(answer.headers.get("x-request-id") ?? "");
          if (began > awayAt) backAt = Math.min(backAt, performance.now());
        } else if (answer.status === 429) counted.refused += isKilled ? 1 : 0;
        else if (answer.status === 503) {
          counted.away += 1;
          awayAt = Math.min(awayAt, performance.now());
        } else counted.other.push(answer.status);
      }
    };
    // Of a limit that is leased nothing is granted for ten seconds after the first start.
    await until(
      "the first call",
      async () => {
        const answer = await processAt(0).chat(key);
        await answer.text();
        if (answer.status === 200) counted.admitted.add(answer.headers.get("x-request-id") ?? "");
        return answer.status === 200;
      },
      30_000,
    );
    const callers = Array.from({ length: CALLERS }, (_, number) => caller(number));
    // Leases grow with use: until they have, calls are refused that a later moment admits.
    await until("the load to be under way", () => counted.admitted.size >= 60, 60_000);
    const master = await cluster.masterOf(storeKeys(PREFIX, tenants).tenant("tenant_standard").flags);
    const killedAt = performance.now();
    await master.stop("SIGKILL");
    isKilled = true;
    // A leased limit goes on without its master, and the tenant's own limits by each process's part.
    if (layer === "tenant") await until("calls to be refused while there is no master", () => counted.away > 0);
    if (layer === "tenant") await until("calls to be admitted by the replica", () => backAt < Infinity, 30_000);
    await Promise.all(callers);
    const told =
      layer === "tenant" ? `, ${(backAt - killedAt).toFixed(0)} ms until the replica admitted the next call` : "";

    expect(counted.other).toEqual([]);
    const rows = await until("every admitted call to be booked", async () => {
      const { rows } = await processAt(3).admin<{ rows: LedgerRow[] }>("GET", "ledger?tenant=standard&limit=1000");
      const known = new Set(rows.map((row) => row.requestId));
      return [...counted.admitted].every((id) => known.has(id)) ? rows : null;
    });
    process.stdout.write(
      `a master killed under load, tenants ${tenants}, ${layer} limit: ${rows.length} of ${CAPACITY} calls admitted${told}, ${counted.away} calls refused meanwhile\n`,
    );
    expect(rows.length).toBeLessThanOrEqual(CAPACITY);
    expect(counted.admitted.size).toBe(rows.length);
    // Nothing reached the provider that was not admitted.
    expect(await provider.bills()).toHaveLength(rows.length);
  },
);
