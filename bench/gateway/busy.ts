import pg from "pg";
import { fillDatabase } from "../../e2e/scale/fill";
import { steadily } from "./load";
import { median, type Stage } from "./stage";
import type { Variant } from "./variants";

const TABS = 10;
const TAB_MS = 1000;
const SECONDS_MAX = 120;
const PER_SECOND = 150;
const TENANTS = 20;

export type Busy = {
  readonly name: string;
  readonly quietP99Ms: number;
  readonly busyP50Ms: number;
  readonly busyP99Ms: number;
  readonly looks: number;
  readonly failed: number;
  readonly replayed: number;
};

/** This many calls of the last day are in the ledger, for the tier whose limits are replayed. */
export async function fillLedger(stage: Stage, calls: number): Promise<void> {
  const client = new pg.Client({ connectionString: stage.fleet.databaseUrl });
  await client.connect();
  await fillDatabase(client, { tenants: TENANTS, keysPerTenant: 1, calls, hours: 23 }).finally(() => client.end());
}

/**
 * The latency of a call at a steady rate while the console replays all decisions of the ledger under a tier's draft,
 * and ten open overviews are read each second. Runs as long as one replay.
 */
export async function besideBusyConsole(stage: Stage, one: Variant, quietMs: readonly number[]): Promise<Busy> {
  const { shared } = stage;
  let [isOver, looks, failed] = [false, 0, 0];
  // A failed read does not stop a tab, as in a browser.
  const look = () =>
    shared.admin("GET", "overview").then(
      () => {
        looks += 1;
      },
      (error: unknown) => {
        failed += 1;
        if (failed === 1)
          process.stderr.write(`a look failed: ${String(error)}
`);
      },
    );
  const tab = async () => {
    while (!isOver) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, TAB_MS));
    }
  };
  const { limits } = await shared.admin<{ limits: Record<string, unknown>[] }>("GET", "tiers/standard");
  const tabs = Array.from({ length: TABS }, tab);
  // The other figures of the run must not be lost with it.
  const missed = (error: unknown) => {
    process.stderr.write(`the replay failed: ${String(error)}\n`);
    return { calls: 0 };
  };
  const replay = shared
    .admin<{ calls: number }>("POST", "tiers/standard/replay", { limits })
    .catch(missed)
    .finally(() => {
      isOver = true;
    });
  const times: number[] = [];
  for (let second = 0; second < SECONDS_MAX && !isOver; second++)
    times.push(...(await steadily(one, PER_SECOND, PER_SECOND)));
  const { calls } = await replay;
  await Promise.all(tabs);
  return {
    name: one.name,
    quietP99Ms: median(quietMs, 0.99),
    busyP50Ms: median(times),
    busyP99Ms: median(times, 0.99),
    looks,
    failed,
    replayed: calls,
  };
}
