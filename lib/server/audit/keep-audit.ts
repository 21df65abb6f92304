import path from "node:path";
import { AuditLog } from "@/lib/audit/audit-log";
import { Signer } from "@/lib/audit/mark";
import { type Clock, DAY_MS, HOUR_MS } from "@/lib/clock";
import { recordMore } from "@/lib/console/access/record-access";
import type { ConsoleContext } from "@/lib/console/kernel/context";
import type { Env } from "@/lib/env";
import type { Log } from "@/lib/log";
import { derived } from "../data-dir";

const FOLLOW_EVERY_MS = 10_000;
const CUT_EVERY_MS = HOUR_MS;

/** The audit log with its key and its anchors, both outside the database. */
export function openAudit(input: { env: Env; root: string; chainKey: string; clock: Clock; log: Log }): AuditLog {
  const { env, root, chainKey, clock, log } = input;
  // Marks from before AUDIT_KEY was set stay valid.
  const own = derived(root, "audit marks");
  const keys = env.auditKey === null ? [own, ...env.earlierAuditKeys] : [env.auditKey, ...env.earlierAuditKeys, own];
  const signer = new Signer(keys[0] ?? own, keys.slice(1));
  const folder = path.join(env.dataDir, "audit");
  return new AuditLog({ chainKey, signer, folder, clock, log, sendTo: env.auditWebhook });
}

/** Follows rows of other processes, writes the counted acts as rows, and removes rows that are too old. */
export function keepAudit(input: { context: ConsoleContext; auditDays: number | null }): { stop(): Promise<void> } {
  const { context, auditDays } = input;
  const { audit, db, clock, log } = context;
  const safely = (what: string, work: () => Promise<unknown>) => {
    let isBusy = false;
    return async () => {
      if (isBusy) return;
      isBusy = true;
      await work()
        .catch((error: unknown) => log.warn({ err: error }, `${what}: not done; it will be tried again`))
        .finally(() => {
          isBusy = false;
        });
    };
  };
  const follow = safely("anchors of the audit log", () => audit.follow(db));
  const summarise = safely("audit of what was only counted", () => recordMore(context, false));
  const timers = [setInterval(follow, FOLLOW_EVERY_MS).unref(), setInterval(summarise, FOLLOW_EVERY_MS).unref()];
  if (auditDays !== null) {
    const cut = safely("retention of the audit log", () => audit.cut(db, new Date(clock.now() - auditDays * DAY_MS)));
    void cut();
    timers.push(setInterval(cut, CUT_EVERY_MS).unref());
  }
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await safely("audit of what was only counted", () => recordMore(context, true))();
    },
  };
}
