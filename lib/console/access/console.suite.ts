import path from "node:path";
import type { TestDatabase } from "@/db/embedded/database.suite";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { AuditLog } from "@/lib/audit/audit-log";
import { Bounded } from "@/lib/audit/bounded";
import { Signer } from "@/lib/audit/mark";
import { systemClock, systemElapsed } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { FrontDoor } from "@/lib/server/net/front-door";
import type { ConsoleContext } from "../kernel/context";
import { OverviewWatch } from "../overview/overview-watch";
import { SharedReads } from "../overview/shared-reads";
import { makeAuth } from "./auth";
import type { Oidc } from "./single-sign-on/groups";

/** A console on a test's database. Tries are counted by a clock that stands: no window ends within a test. */
export async function testConsole(
  database: TestDatabase,
  { startedMs, oidc = null }: { readonly startedMs: number; readonly oidc?: Oidc | null },
): Promise<ConsoleContext> {
  const log = makeLog("silent");
  const { db } = database.opened;
  const policy = new CurrentPolicy({ db, clock: systemClock, log });
  const publicUrl = "http://localhost";
  const context: ConsoleContext = {
    ...{ db, policy, log, publicUrl, clock: systemClock, admission: new MemoryAdmission(systemClock) },
    auth: makeAuth({ db, secret: "s".repeat(32), earlierSecrets: [], publicUrl, oidc, log }),
    auditKey: "k",
    audit: new AuditLog({
      chainKey: "k",
      signer: new Signer("s"),
      folder: path.join(database.folder, "audit"),
      clock: systemClock,
      log,
    }),
    bounded: new Bounded(systemClock),
    seal: (_id, text) => text,
    credentialHosts: new Map(),
    credentialOf: () => null,
    connect: async () => ({ outcome: "unreachable", detail: "not in this test" }),
    attempts: new FrontDoor({ shared: null, clock: { now: () => startedMs }, log }),
    reservedOf: () => null,
    mintKey: () => ({ text: "", id: "", hmac: "", last4: "", pepperVersion: 1 }),
    operatorToken: "t",
    earlierOperatorTokens: [],
    installation: {
      ...{ release: "test", store: "memory" as const, ledgerDays: 400 },
      ...{ leaseSeconds: 15, expectedInstances: 1, oidcName: oidc === null ? null : "Acme ID" },
      oidcGroups: oidc?.groups ?? null,
    },
    digestSecret: "d",
    drainBooks: async () => undefined,
    watch: new OverviewWatch(),
    shared: new SharedReads(systemElapsed),
    burnOf: async () => null,
  };
  await policy.refresh();
  return context;
}
