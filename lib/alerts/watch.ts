import { randomUUID } from "node:crypto";
import type { Database } from "@/db/client";
import { placesWithProviders } from "@/db/queries/fleet/upstream-places";
import {
  type AlertInsert,
  type AlertRow,
  asWatcher,
  insertAlerts,
  insertDeliveries,
  keysEnding,
  keysToRotate,
  keyTrafficSince,
  lastBrakeAt,
  type RuleRow,
  readChannels,
  readOpenAlerts,
  readRules,
  setAlertsEnd,
  takePassed,
  trafficSince,
  upstreamSince,
} from "@/db/queries/operators/alerts";
import type { BrakeRow } from "@/db/queries/operators/brakes";
import { brakesOn } from "@/db/queries/operators/brakes";
import { rotateAt } from "@/db/queries/tenants/tenancy";
import { readWishes, type WishRow } from "@/db/queries/tenants/wishes";
import { type Clock, DAY_MS, MINUTE_MS } from "@/lib/clock";
import { troubleShape } from "@/lib/providers/trouble/trouble";
import type { Message } from "./channels";
import { overCap } from "./emergency-cap";
import {
  type Facts,
  type Finding,
  findingsOf,
  mayEnd,
  type RuleBrake,
  type RuleWatch,
  ruleBrake,
  ruleWatch,
  SEVERITIES,
  scopeOf,
} from "./rules";

/** Facts outside the database, from the functions that decide; the console shows the same. */
export type LiveFacts = {
  /** names of tenants by their slugs */
  names(): ReadonlyMap<string, string>;
  limits(): Promise<Facts["limits"]>;
  forecasts(): Promise<Facts["forecasts"]>;
  isStoreAway(): boolean;
  auditFault(): string | null;
};

export type Watch = {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: LiveFacts;
  readonly consoleUrl: string;
};

/** A finding that ends and returns within this time continues without another message. */
const QUIET_MS = 300_000;

/**
 * One check of all rules: compares current findings with earlier ones. New findings of a rule become alerts and one
 * message per channel; findings that are over end their alerts. All in one transaction and by one process at a time, so
 * nothing is sent twice and no finding is lost.
 */
export async function watchOnce(watch: Watch): Promise<readonly WantedBrake[]> {
  const wanted: WantedBrake[] = [];
  await asWatcher(watch.db, async (tx) => {
    const now = watch.clock.now();
    const rules = (await readRules(tx)).flatMap((row) => {
      const parsed = ruleWatch.safeParse(row.params);
      return row.enabled && parsed.success ? [{ row, watch: parsed.data }] : [];
    });
    const facts = await factsFor(
      tx,
      watch.live,
      rules.map((rule) => rule.watch),
      now,
    );
    const known = await readOpenAlerts(tx, new Date(now - QUIET_MS));
    const channels = new Set((await readChannels(tx)).flatMap(({ id, enabled }) => (enabled ? id : [])));
    for (const { row, watch: asked } of rules) {
      const mine = known.filter((alert) => alert.ruleId === row.id);
      const change = compare(row, findingsOf(asked, facts), mine, new Date(now));
      await insertAlerts(tx, change.begun);
      await setAlertsEnd(tx, change.goingOn, null);
      await setAlertsEnd(
        tx,
        change.over.map(({ id }) => id),
        new Date(now),
      );
      const open = [...change.begun, ...mine.filter((alert) => alert.endedAt === null && !change.over.includes(alert))];
      wanted.push(...brakesOf(row, open));
      if (row.mutedUntil !== null && now < row.mutedUntil.getTime()) continue;
      const messages = [
        messageOf("fired", row, change.begun, watch, now),
        messageOf("over", row, change.over, watch, now),
      ];
      for (const message of messages.flatMap((one) => one ?? [])) {
        const to = row.channelIds.filter((id) => channels.has(id));
        const rest = { message: { ...message }, nextAt: new Date(now), createdAt: new Date(now) };
        await insertDeliveries(
          tx,
          to.map((channelId) => ({ id: `msg_${randomUUID()}`, channelId, ...rest })),
        );
      }
    }
  });
  return wanted;
}

/** A brake that a rule sets as long as its finding lasts. */
export type WantedBrake = RuleBrake & {
  readonly alertId: string;
  readonly rule: string;
  readonly reason: string;
  readonly scope: NonNullable<ReturnType<typeof scopeOf>>;
};

function brakesOf(row: RuleRow, open: readonly Pick<AlertRow, "id" | "title" | "detail">[]): WantedBrake[] {
  const brake = ruleBrake.safeParse(row.brake);
  if (!brake.success) return [];
  return open.flatMap(({ id, title, detail }) => {
    const scope = scopeOf(detail);
    return scope === null ? [] : { ...brake.data, alertId: id, rule: row.name, reason: title, scope };
  });
}

/** One rule's findings that begin, continue after a short pause, and are over. */
function compare(row: RuleRow, found: readonly Finding[], known: readonly AlertRow[], now: Date) {
  const keyOf = (finding: Finding) => `${row.id}/${finding.subject}`;
  const foundKeys = new Set(found.map(keyOf));
  const begun: AlertInsert[] = [];
  const goingOn: string[] = [];
  for (const finding of found) {
    const before = known.filter((alert) => alert.dedupeKey === keyOf(finding));
    if (before.some((alert) => alert.endedAt === null)) continue;
    const [paused] = finding.once ? [] : before;
    if (paused !== undefined) goingOn.push(paused.id);
    else {
      const { title, detail } = finding;
      const ends = finding.once ? now : null;
      const rest = { severity: row.severity, startedAt: now, endedAt: ends };
      begun.push({
        id: `alr_${randomUUID()}`,
        ruleId: row.id,
        dedupeKey: keyOf(finding),
        title,
        detail: { ...detail },
        ...rest,
      });
    }
  }
  const isOver = (alert: AlertRow) => alert.endedAt === null && !foundKeys.has(alert.dedupeKey);
  const over = mayEnd(row.kind) ? known.filter(isOver) : [];
  return { begun, goingOn, over };
}

function messageOf(
  kind: "fired" | "over",
  row: RuleRow,
  about: readonly Pick<AlertRow, "title" | "detail" | "dedupeKey">[],
  watch: Watch,
  now: number,
): Message | null {
  if (about.length === 0) return null;
  const severity = SEVERITIES.find((known) => known === row.severity) ?? "warning";
  const findings = about.map(({ title, detail, dedupeKey }) => ({ title, detail, dedupeKey }));
  return { kind, rule: row.name, severity, at: new Date(now).toISOString(), findings, console: watch.consoleUrl };
}

function brakeFact({ id, scope, mode, reason, createdBy }: BrakeRow): Facts["brakes"][number] {
  return { id, scope: { ...scope }, mode, reason, by: createdBy };
}

/** A place that is closed, or was until recently: its probe may still come. */
function placeFact(
  row: Awaited<ReturnType<typeof placesWithProviders>>[number],
  now: number,
): Facts["places"][number][] {
  const read = troubleShape.safeParse(row.state);
  if (!read.success || row.isReopenedAfter(read.data.closedAtMs)) return [];
  const { limitedInARow, detail, closedUntilMs } = read.data;
  const model = row.id.includes("/") ? row.id.slice(row.id.indexOf("/") + 1) : null;
  return [{ provider: row.provider, model, limitedInARow, detail, untilMs: Math.max(now, closedUntilMs) }];
}

const WISHES_MAX = 500;

function wishFact({ id, tenant, keyFamilyId, keyName, wish }: WishRow): Facts["wishes"][number] {
  return { id, tenant, key: keyFamilyId, keyName, wish };
}

/** Loads only the facts that some rule uses. */
async function factsFor(tx: Database, live: LiveFacts, rules: readonly RuleWatch[], now: number): Promise<Facts> {
  const asks = (...kinds: RuleWatch["kind"][]) => rules.some((rule) => kinds.includes(rule.kind));
  const minutes = Math.max(1, ...rules.map((rule) => ("minutes" in rule ? rule.minutes : 2)));
  const thisMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const since = new Date(thisMinute - (minutes - 1) * MINUTE_MS);
  const ago = <Row extends { minute: Date }>({ minute, ...row }: Row) => ({
    ...row,
    minutesAgo: Math.round((thisMinute - minute.getTime()) / MINUTE_MS),
  });
  const days = Math.max(0, ...rules.map((rule) => (rule.kind === "key_expiring" ? rule.days : 0)));
  const ending = days === 0 ? [] : await keysEnding(tx, new Date(now), new Date(now + days * DAY_MS));
  const rotateDays = Math.max(-1, ...rules.map((rule) => (rule.kind === "key_rotation" ? rule.days : -1)));
  const toRotate = rotateDays < 0 ? [] : await keysToRotate(tx, new Date(now + rotateDays * DAY_MS));
  const traffic = asks("refusal_rate", "spend_rate", "emergency_cap") ? (await trafficSince(tx, since)).map(ago) : [];
  // Only then: it is read from the books, call by call.
  const isOver = rules.some((rule) => rule.kind === "emergency_cap" && overCap(rule, traffic) !== null);
  const lastMinute = new Date(thisMinute - MINUTE_MS);
  const names = live.names();
  return {
    called: (tenant) => names.get(tenant) ?? tenant,
    passed: await takePassed(tx),
    limits: asks("limit_remaining") ? await live.limits() : [],
    forecasts: asks("forecast") ? await live.forecasts() : [],
    traffic,
    keyTraffic: isOver ? (await keyTrafficSince(tx, lastMinute)).map(ago) : [],
    upstream: asks("upstream_errors") ? (await upstreamSince(tx, since)).map(ago) : [],
    places: asks("upstream_limited") ? (await placesWithProviders(tx)).flatMap((row) => placeFact(row, now)) : [],
    // From the database: facts that one process does not know yet must not look as if they were over.
    brakes: asks("brake") ? (await brakesOn(tx, new Date(now))).map(brakeFact) : [],
    lastBrakeAt: asks("drill_overdue") ? ((await lastBrakeAt(tx))?.getTime() ?? null) : null,
    keys: ending.map((row) => ({ ...row, expiresAt: row.expiresAt?.getTime() ?? 0 })),
    rotations: toRotate.map(({ tenant, id, name, ...key }) => ({
      tenant,
      id,
      name,
      dueAt: rotateAt(key)?.getTime() ?? now,
    })),
    wishes: asks("more_asked") ? (await readWishes(tx, { isOpen: true, most: WISHES_MAX })).map(wishFact) : [],
    isStoreAway: live.isStoreAway(),
    auditFault: live.auditFault(),
    now,
  };
}
