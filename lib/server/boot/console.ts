import { Deliveries } from "@/lib/alerts/deliver";
import { Bounded } from "@/lib/audit/bounded";
import { systemElapsed } from "@/lib/clock";
import { type Auth, makeAuth } from "@/lib/console/access/auth";
import { liveFacts } from "@/lib/console/alerts/alert-facts";
import { type ConsoleContext, setCurrentConsole } from "@/lib/console/kernel/context";
import { makeBurnOf } from "@/lib/console/money/burn";
import { OverviewWatch } from "@/lib/console/overview/overview-watch";
import { SharedReads } from "@/lib/console/overview/shared-reads";
import { providerCredential } from "@/lib/env";
import { mintKey } from "@/lib/gateway/caller/api-key";
import { makeReservedOf } from "@/lib/gateway/running/reserved";
import { consoleJobs } from "@/lib/jobs/console-jobs";
import type { Job } from "@/lib/jobs/run-jobs";
import { connect } from "@/lib/providers/connection/connect";
import { makeCredentialOf } from "@/lib/providers/credential";
import { version as RELEASE } from "@/package.json";
import { keepAudit, openAudit } from "../audit/keep-audit";
import { derived } from "../data-dir";
import { bookBrakes } from "../emergency/book-brakes";
import type { EmergencyBrakes } from "../emergency/emergency-brakes";
import type { StopStep } from "../life/stop-steps";
import { type Restores, tellRestores } from "../store/older-database";
import type { Installation } from "./installation";

/** The parts of a process that serve operators: pages, admin API, alerts, retention. */
export type Operators = {
  readonly jobs: readonly Job[];
  /** the end of the audit log was changed */
  isAuditBroken(): boolean;
  /** steps to do before the process exits, in this order */
  readonly steps: { readonly first: StopStep; readonly last: StopStep };
};

type Counting = Pick<ConsoleContext, "policy" | "admission" | "attempts" | "drainBooks"> & {
  /** each process enforces limits on its own, because the shared store is away */
  readonly isStoreAway: () => boolean;
  readonly restores: Restores;
  /** brakes that the database may lack */
  readonly emergency: EmergencyBrakes;
};

/** How operators sign in to this installation. */
export function authOf({ db, env, secrets, log }: Installation): Auth {
  const { publicUrl, oidc, earlierAuthSecrets: earlierSecrets } = env;
  return makeAuth({ db, secret: secrets.authSecret, earlierSecrets, publicUrl, oidc, log });
}

/** Builds the console of a process on any counters. */
export async function bootConsole(
  installation: Installation,
  counting: Counting & Pick<ConsoleContext, "auth">,
): Promise<Operators> {
  const { env, db, clock, log, secrets, peppers, digestSecret, vault } = installation;
  const { policy, admission, attempts, drainBooks, isStoreAway, restores, emergency, auth } = counting;
  const auditKey = derived(peppers.root, "audit");
  const audit = openAudit({ env, root: peppers.root, chainKey: auditKey, clock, log });
  await audit.begin(db);
  const context: ConsoleContext = {
    db,
    policy,
    admission,
    auth,
    clock,
    log,
    digestSecret,
    attempts,
    drainBooks,
    reservedOf: makeReservedOf({ policy, digestSecret }),
    burnOf: makeBurnOf({ db, policy, clock }),
    auditKey,
    audit,
    bounded: new Bounded(clock),
    seal: vault.seal,
    credentialHosts: env.credentialHosts,
    credentialOf: makeCredentialOf({ unseal: vault.unseal, hosts: env.credentialHosts, read: providerCredential }),
    connect,
    mintKey: (environment) => mintKey(environment, peppers.accepted[0], peppers.generation),
    operatorToken: secrets.operatorToken,
    earlierOperatorTokens: env.earlierOperatorTokens,
    publicUrl: env.publicUrl,
    installation: {
      release: RELEASE,
      ledgerDays: env.ledgerDays,
      leaseSeconds: env.leaseMs / 1000,
      store: env.redis === null ? "memory" : env.redis.kind === "rest" ? "upstash" : "redis",
      expectedInstances: env.expectedInstances,
      oidcName: env.oidc?.name ?? null,
      oidcGroups: env.oidc?.groups ?? null,
    },
    watch: new OverviewWatch(),
    shared: new SharedReads(systemElapsed),
  };
  setCurrentConsole(context);
  const deliveries = new Deliveries({ db, clock, unseal: vault.unseal, log });
  const keeping = keepAudit({ context, auditDays: env.auditDays });
  return {
    isAuditBroken: () => audit.fault !== null,
    jobs: consoleJobs({
      context,
      live: liveFacts(context, isStoreAway),
      deliver: env.hostKind === "server" ? () => deliveries.look() : () => deliveries.lookAndWait(),
      tellRestores: () => tellRestores(context, restores),
      bookBrakes: () => bookBrakes(context, emergency),
    }),
    steps: {
      first: { name: "deliveries", run: () => deliveries.stop() },
      last: { name: "audit", run: keeping.stop },
    },
  };
}
