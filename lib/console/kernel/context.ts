import type { Database } from "@/db/client";
import type { Admission } from "@/lib/admission/admission";
import type { AuditLog } from "@/lib/audit/audit-log";
import type { Bounded } from "@/lib/audit/bounded";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Reachable } from "@/lib/providers/catalog";
import type { Connect } from "@/lib/providers/connection/connect";
import type { CredentialHosts } from "@/lib/providers/credential";
import type { Vault } from "@/lib/providers/vault";
import type { BurnOf, ReservedOf } from "@/lib/quota/quota";
import type { Auth } from "../access/auth";
import type { OidcGroups } from "../access/single-sign-on/groups";
import type { Attempts } from "../access/tries/attempts";
import type { OverviewWatch } from "../overview/overview-watch";
import type { SharedReads } from "../overview/shared-reads";
import type { TenantScope } from "../scope/tenant-scope.shared";
import type { Role } from "./can.shared";

export type MintedKey = {
  readonly text: string;
  readonly id: string;
  readonly hmac: string;
  readonly last4: string;
  readonly pepperVersion: number;
};

/** Everything the operators' verbs need; built once at boot. */
export type ConsoleContext = {
  readonly db: Database;
  readonly policy: CurrentPolicy;
  readonly admission: Admission;
  readonly auth: Auth;
  readonly clock: Clock;
  readonly log: Log;
  readonly auditKey: string;
  readonly audit: AuditLog;
  /** bounds the rows that people without rights can cause */
  readonly bounded: Bounded;
  /** Counts passwords that are tried. */
  readonly attempts: Attempts;
  /** Seals a secret for keeping. */
  readonly seal: Vault["seal"];
  /** which variables may be sent as a credential, in addition to the providers' own names */
  readonly credentialHosts: CredentialHosts;
  /** The credential that this process sends to a provider. Only for a connection test, never for a response. */
  readonly credentialOf: (provider: Reachable) => string | null;
  readonly connect: Connect;
  /** A new API key and its stored hash. Only the caller sees the key. */
  readonly mintKey: (environment: "live" | "test") => MintedKey;
  readonly operatorToken: string;
  /** still valid, until every script has the current one */
  readonly earlierOperatorTokens: readonly string[];
  /** The only origin whose pages may change anything. */
  readonly publicUrl: string;
  readonly installation: Installation;
  /** Commits pending ledger rows, so a read right after a call sees them. */
  readonly drainBooks: () => Promise<void>;
  readonly reservedOf: ReservedOf;
  readonly burnOf: BurnOf;
  readonly digestSecret: string;
  /** the overview's cache between two reads */
  readonly watch: OverviewWatch;
  readonly shared: SharedReads;
  /** The base version of a series of changes, which fails if anything else changes; absent = independent changes. */
  readonly basedOn?: BasedOn;
};

/** The policy version that the next change of a series must find; moves with each of its own changes. */
export class BasedOn {
  #version: number;

  constructor(version: number) {
    this.#version = version;
  }

  get version(): number {
    return this.#version;
  }

  isAt(version: number): void {
    this.#version = version;
  }
}

/** Settings from the start of the process, for display. */
export type Installation = {
  readonly release: string;
  /** where counters live: redis, upstash, or memory (this process) */
  readonly store: "redis" | "upstash" | "memory";
  readonly ledgerDays: number;
  readonly leaseSeconds: number;
  readonly expectedInstances: number;
  /** what the other way to sign in is called; null = there is none */
  readonly oidcName: string | null;
  /** which groups of the issuer give which role; null = only admins give roles */
  readonly oidcGroups: OidcGroups | null;
};

/** The person or script behind an operator request. */
export type Actor = {
  readonly name: string;
  readonly role: Role;
  readonly tenants: TenantScope;
  readonly address: string;
  /** of a human in a browser; null = the operator token, or the clock */
  readonly session: { readonly id: string; readonly userId: string; readonly confirmedAtMs: number } | null;
};

/** Who made a change, for the audit log. A key's holder has no role of an operator. */
export type Author = Pick<Actor, "name" | "address"> & { readonly role: Role | "holder" };

const HOME = Symbol.for("spillway.console");

/** As with the gateway: one per process, shared by our server's bundle and Next's. */
export function setCurrentConsole(context: ConsoleContext): void {
  Reflect.set(globalThis, HOME, context);
}

export function currentConsole(): ConsoleContext | null {
  const current: ConsoleContext | undefined = Reflect.get(globalThis, HOME);
  return current ?? null;
}
