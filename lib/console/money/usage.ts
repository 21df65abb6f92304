import Papa from "papaparse";
import { z } from "zod";
import { userNames } from "@/db/queries/money/budgets";
import { isLabel } from "@/db/queries/money/label-usage";
import {
  readInstances,
  refusalTotals,
  USAGE_GRAINS,
  USAGE_SPLITS,
  type UsageFigures,
  type UsageGrain,
  type UsageSplit,
  usageSeries,
  usageTotals,
} from "@/db/queries/money/usage";
import { usageTop } from "@/db/queries/money/usage-top";
import { readKeyNames, readKeyTenants, readUsers } from "@/db/queries/tenants/tenancy";
import { userDigest } from "@/lib/admission/digest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { PolicyFault } from "@/lib/policy/snapshot/snapshot";
import type { ConsoleContext } from "../kernel/context";
import type { AdminFile, AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { tenantBySlug } from "../tenants/tenants";
import { topUsage } from "./top-usage";

const time = moment;

export const usageQuery = z.strictObject({
  tenant: z.string().min(1).max(128).optional(),
  from: time.optional(),
  to: time.optional(),
  grain: z.enum(USAGE_GRAINS).default("hour"),
  by: z.enum(USAGE_SPLITS).optional(),
  /** by tag: only the values of this one */
  tag: z.string().min(1).max(64).optional(),
  /** by user: only this one of a tenant, as its callers name it */
  user: z.string().min(1).max(512).optional(),
  /** by key: only these, by their families, with commas between them */
  families: z.string().min(1).max(8000).optional(),
  /** so many subjects by cost, and one line for all others; buckets have the first few of them */
  top: z.coerce.number().int().min(1).max(1000).optional(),
  /** sums over the whole range instead of one line per bucket */
  total: z.enum(["true", "false"]).default("false"),
  format: z.enum(["json", "csv"]).default("json"),
});

/** What a grain of the sums knows; the coarser, the more. */
const KNOWN_BY: Readonly<Record<UsageSplit, readonly (typeof USAGE_GRAINS)[number][]>> = {
  tenant: ["minute", "hour", "day"],
  model: ["minute", "hour", "day"],
  key: ["hour", "day"],
  feature: ["hour", "day"],
  user: ["day"],
  session: ["hour", "day"],
  agent: ["hour", "day"],
  tag: ["hour", "day"],
};

export type UsageRow = UsageFigures & {
  readonly bucket: string | null;
  /** as the ledger has it, and as people call it; empty when not split */
  readonly subject: string;
  readonly name: string;
  /** of a tenant: its display name; `name` is its slug */
  readonly displayName?: string;
  /** the sum of others, so many in the whole range; 0 = of one */
  readonly merged?: number;
};

/** GET /api/admin/usage?tenant=&from=&to=&grain=&by=&tag=&user=&families=&top=&total=&format=: calls, tokens and money by time and by whom. */
export async function readUsage({ context, input }: AdminRequest<typeof usageQuery>) {
  const { grain, by = null } = input;
  if (by !== null && !KNOWN_BY[by].includes(grain)) {
    const message = `Usage by ${by} is kept per ${KNOWN_BY[by].join(" and ")}.`;
    throw new PublicError("invalid_value", message, { param: "grain" });
  }
  await context.drainBooks();
  const now = context.clock.now();
  // The end of the running hour: the same question has the same answer while nothing is called.
  const to = new Date(input.to ?? Math.floor(now / HOUR_MS + 1) * HOUR_MS);
  // The same question has the same answer until the next bucket begins.
  const from = firstBucket(input.from === undefined ? now - DAY_MS : Date.parse(input.from), { by, grain });
  const tenantId = input.tenant === undefined ? null : tenantBySlug(context, input.tenant).id;
  const { tag, user, families } = input;
  if (user !== undefined && (by !== "user" || tenantId === null)) {
    throw new PublicError("invalid_value", "Users belong to a tenant: name the tenant too.", {
      param: "user",
    });
  }
  if (families !== undefined && by !== "key") {
    throw new PublicError("invalid_value", "Families are of keys: ask by key.", { param: "families" });
  }
  const isOne = user !== undefined && tenantId !== null;
  const range = {
    tenantId,
    grain,
    from,
    to,
    tag,
    userDigest: isOne ? userDigest(context.digestSecret, tenantId, user) : undefined,
    keyFamilyIds: families?.split(","),
  };
  const split = by ?? (input.total === "true" ? "tenant" : null);
  if (input.top !== undefined) {
    const isTotal = input.total === "true";
    const asked = { ...range, by: split ?? ("tenant" as const), most: input.top, drawn: isTotal ? 0 : DRAWN };
    const top = await context.shared.top.get(JSON.stringify(asked), () => topOf(context, asked));
    const [totals, rows] = [await named(context, split, top.totals), await named(context, split, top.rows)];
    if (input.format === "csv") return { file: csvFile("usage.csv", isTotal ? totals : rows) };
    return { body: { grain, from: from.toISOString(), to: to.toISOString(), totals, rows: isTotal ? totals : rows } };
  }
  const rows =
    input.total === "true"
      ? (await totalsOf(context, { ...range, by: by ?? "tenant", most: 1000 })).map((row) => ({
          bucket: null,
          ...row,
        }))
      : await usageSeries(context.db, { ...range, by });
  const shown = await named(context, split, rows);
  if (input.format === "csv") return { file: csvFile("usage.csv", shown) };
  return { body: { grain, from: from.toISOString(), to: to.toISOString(), rows: shown } };
}

/** The start of the first sum at or after a moment. Sums by callers' names are stored per hour, whatever the grain. */
function firstBucket(ms: number, { by, grain }: { by: UsageSplit | null; grain: UsageGrain }): Date {
  const stepMs = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS }[isLabel(by) ? "hour" : grain];
  return new Date(Math.ceil(ms / stepMs) * stepMs);
}

/** Subjects that a chart tells apart. */
const DRAWN = 6;

/** Of all tenants or keys from kept sums; the sums of one tenant, of named keys, and of other names are read each time. */
function topOf(context: ConsoleContext, { by, ...asked }: Parameters<typeof usageTop>[1]) {
  const isIndexed = by === "tenant" || by === "key";
  if (isIndexed && asked.tenantId === null && asked.keyFamilyIds === undefined)
    return topUsage(context, { ...asked, by });
  return usageTop(context.db, { ...asked, by });
}

function totalsOf({ db, shared }: ConsoleContext, asked: Parameters<typeof usageTotals>[1]) {
  return shared.totals.get(JSON.stringify(asked), () => usageTotals(db, asked));
}

type Sums = UsageFigures & {
  readonly bucket: Date | null;
  readonly subject: string;
  readonly merged?: number;
};

async function named(context: ConsoleContext, by: UsageSplit | null, rows: readonly Sums[]): Promise<UsageRow[]> {
  const subjects = [...new Set(rows.flatMap((row) => (row.merged ? [] : row.subject)))];
  const names = await namesOf(context, by, subjects);
  const { tenants } = context.policy.snapshot;
  const owners = by === "key" ? await readKeyTenants(context.db, subjects) : new Map<string, string>();
  return rows.map((row) => {
    const name = row.merged ? "others" : names(row.subject);
    const shown = { ...row, bucket: row.bucket?.toISOString() ?? null, name };
    if (by === "tenant") return { ...shown, displayName: tenants.get(row.subject)?.name ?? name };
    // Keys of several tenants may have one name.
    const owner = tenants.get(owners.get(row.subject) ?? "");
    return owner === undefined ? shown : { ...shown, displayName: `${name} of ${owner.name}` };
  });
}

/** A table as CSV; cells that a spreadsheet would run as formulas are made harmless. */
export function csvFile(name: string, rows: readonly object[]): AdminFile {
  return { name, type: "text/csv; charset=utf-8", text: `${Papa.unparse([...rows], { escapeFormulae: FORMULA })}\r\n` };
}

/**
 * How a formula begins: behind blanks, and in the wide forms of Japanese spreadsheets too. The
 * library's own pattern does not see one that goes on in a second line.
 */
const FORMULA = /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/;

async function namesOf(
  context: ConsoleContext,
  by: UsageSplit | null,
  subjects: readonly string[],
): Promise<(subject: string) => string> {
  if (by === "user") {
    const names = await userNames(context.db, subjects);
    return (subject) => names.get(subject) ?? "no user named";
  }
  if (by === "key") {
    const names = await readKeyNames(context.db, subjects);
    return (subject) => names.get(subject) ?? subject;
  }
  if (by === "tenant") {
    const { tenants } = context.policy.snapshot;
    return (subject) => tenants.get(subject)?.slug ?? subject;
  }
  return (subject) => (by === "feature" && subject === "" ? "no feature named" : subject);
}

export const usersQuery = z.strictObject({
  tenant: z.string().min(1).max(128),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before */
  after: z.string().max(512).optional(),
});

/** GET /api/admin/users?tenant=&limit=&after=: its end users as its callers name them, with what they used in 30 days. */
export async function listUsers({ context, input }: AdminRequest<typeof usersQuery>) {
  const { tenant: slug, limit, after } = input;
  await context.drainBooks();
  const tenantId = tenantBySlug(context, slug).id;
  const now = context.clock.now();
  const range = {
    tenantId,
    grain: "day" as const,
    from: new Date(now - 30 * DAY_MS),
    to: new Date(now + DAY_MS),
  };
  const [rows, totals] = await Promise.all([
    readUsers(context.db, tenantId, { after: after ?? null, limit }),
    usageTotals(context.db, { ...range, by: "user", most: 100_000 }),
  ]);
  const used = new Map(totals.map((total) => [total.subject, total]));
  const users = rows.map(({ name, digest: id, firstSeenAt }) => {
    const { calls = 0, costMicroUsd = 0 } = used.get(id) ?? {};
    return { name, calls, costMicroUsd, firstSeenAt: firstSeenAt.toISOString() };
  });
  return { body: { users, next: rows.length < limit ? null : (rows.at(-1)?.name ?? null) } };
}

export const refusalsQuery = z.strictObject({ tenant: z.string().min(1).max(128).optional(), since: time.optional() });

/** GET /api/admin/refusals?tenant=&since=: what was refused, by which limit; the last day unless told otherwise. */
export async function readRefusals({ context, input }: AdminRequest<typeof refusalsQuery>) {
  await context.drainBooks();
  const tenantId = input.tenant === undefined ? null : tenantBySlug(context, input.tenant).id;
  const since = input.since === undefined ? new Date(context.clock.now() - DAY_MS) : new Date(input.since);
  const rows = await refusalTotals(context.db, { tenantId, since });
  const { tenants } = context.policy.snapshot;
  const shown = rows.map(({ tenantId: id, lastMinute, ...row }) => ({
    tenant: tenants.get(id)?.slug ?? id,
    ...row,
    lastMinute: lastMinute.toISOString(),
  }));
  return { body: { since: since.toISOString(), rows: shown } };
}

export type InstancesView = {
  readonly policyVersion: number;
  /** what of the database does not compile, as this process has it */
  readonly policyFaults: readonly PolicyFault[];
  readonly instances: readonly {
    readonly id: string;
    readonly policyVersion: number;
    /** whether it enforces the newest version, or a newer one than is known here */
    readonly current: boolean;
    readonly alive: boolean;
    /** from the commit of the version that it enforces to its taking it up; null for one that started with it */
    readonly tookMs: number | null;
    readonly release: string;
    readonly openCalls: number;
    /** what 95 of 100 admissions of the last minute took to be decided; null = there was none */
    readonly decisionP95Ms: number | null;
    readonly isStoreAway: boolean;
    readonly startedAt: string;
    readonly seenAt: string;
    readonly policyAt: string;
  }[];
};

/** GET /api/admin/instances: processes that serve from this database, and which policy each enforces. */
export async function listInstances({ context }: AdminRequest) {
  const rows = await readInstances(context.db);
  const version = context.policy.snapshot.version;
  const shown = rows.map(({ startedAt, seenAt, policyAt, ...row }) => ({
    ...row,
    current: row.policyVersion >= version,
    startedAt: startedAt.toISOString(),
    seenAt: seenAt.toISOString(),
    policyAt: policyAt.toISOString(),
  }));
  const policyFaults = context.policy.snapshot.faults.slice(0, FAULTS_SHOWN);
  const view: InstancesView = { policyVersion: version, policyFaults, instances: shown };
  return { body: view };
}

/** One bad row for everyone is a fault of every tenant. */
const FAULTS_SHOWN = 50;
