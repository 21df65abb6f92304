import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { readConfig } from "@/db/queries/limits/config";
import { findTenant, insertTenant } from "@/db/queries/tenants/tenancy";
import { systemClock } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { makeSnapshot } from "@/lib/policy/snapshot/snapshot";
import { Refill } from "./refill";

let database: TestDatabase;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: Date.now() });
  const { db } = database.opened;
  await insertTenant(db, { id: "tenant_new", slug: "new", name: "New", tierId: (await demo()).tierId });
});
afterAll(() => database.close());

async function demo() {
  const tenant = await findTenant(database.opened.db, "free");
  if (tenant === null) throw new Error("the demo has this tenant");
  return tenant;
}

/** How long a fill for these tenants waited, ms, with this many processes; null = for all tenants. */
async function waited(tenantIds: readonly string[] | undefined, peers: number): Promise<number> {
  const { db } = database.opened;
  let ms = 0;
  const refill = new Refill({
    db,
    clock: systemClock,
    digestSecret: "secret",
    admission: { raise: async () => undefined },
    books: { drain: async () => undefined },
    isBehind: () => false,
    peers: () => peers,
    log: makeLog("silent"),
    wait: async (more) => {
      ms += more;
    },
  });
  const rows = await readConfig(db, new Date());
  await refill.fill(makeSnapshot({ rows, clock: systemClock, previous: null }), tenantIds);
  return ms;
}

test("a fill waits for late rows of other processes, but not for those of a tenant that never had a key", async () => {
  const { id } = await demo();
  const seen = {
    newTenant: await waited(["tenant_new"], 2),
    knownTenant: await waited([id], 2),
    both: await waited(["tenant_new", id], 2),
    all: await waited(undefined, 2),
    oneProcess: await waited([id], 1),
  };
  expect(seen).toEqual({ newTenant: 0, knownTenant: 500, both: 500, all: 500, oneProcess: 0 });
});
