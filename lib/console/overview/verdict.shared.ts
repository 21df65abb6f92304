import type { Overview } from "./overview";

export type Finding = {
  readonly level: "critical" | "warning";
  readonly text: string;
  /** since when; null = not known */
  readonly since: string | null;
  /** the page with details */
  readonly href: string;
};

/** Share of refused calls from which a tenant needs attention. */
const REFUSED_SHARE = 0.2;
const SHOWN_MAX = 4;

/** Refusals are looked at over the last hour. */
const HOUR_MS = 59 * 60_000;

type Seen = Pick<Overview, "at" | "brakes" | "instances" | "openAlerts" | "tenants">;

/** Problems that need attention, worst first; empty = none. */
export function findingsOf(seen: Seen): Finding[] {
  const found = [...storeFindings(seen), ...brakeFindings(seen), ...alertFindings(seen), ...refusedFindings(seen)];
  return found.sort((one, other) => rankOf(one) - rankOf(other)).slice(0, SHOWN_MAX);
}

function rankOf({ level }: Finding): number {
  return level === "critical" ? 0 : 1;
}

function storeFindings({ instances }: Seen): Finding[] {
  if (instances.storeAway === 0) return [];
  const text = `The shared store is away for ${instances.storeAway} of ${processes(instances.alive)}`;
  return [{ level: "critical", text, since: instances.storeAwayAt, href: "/status" }];
}

function brakeFindings({ brakes }: Seen): Finding[] {
  const active = brakes.filter(({ mode }) => mode !== "observe");
  const [ofAll] = active.filter(({ scope }) => Object.values(scope).every((name) => name === undefined));
  if (ofAll !== undefined) {
    return [{ level: "critical", text: "A brake is on for all calls", since: ofAll.createdAt, href: "/brakes" }];
  }
  const [first] = active.toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
  if (first === undefined) return [];
  const text = active.length === 1 ? "A brake is on" : `${active.length} brakes are on`;
  return [{ level: "warning", text, since: first.createdAt, href: "/brakes" }];
}

function alertFindings({ openAlerts: { open, critical, oldestAt } }: Seen): Finding[] {
  if (open === 0) return [];
  const alerts = open === 1 ? "1 alert is open" : `${open} alerts are open`;
  const text = critical === 0 ? alerts : `${alerts}, ${critical} critical`;
  return [{ level: critical === 0 ? "warning" : "critical", text, since: oldestAt, href: "/alerts" }];
}

/** The tenant with the most refusals, and the number of others with many. Refusals by a brake count for the brake. */
function refusedFindings({ at, tenants }: Seen): Finding[] {
  const refused = tenants
    .filter((one) => one.brakeId === null && one.refusedShare >= REFUSED_SHARE && one.refusedPerMinute > 0)
    .toSorted((one, other) => other.refusedPerMinute - one.refusedPerMinute);
  const [most] = refused;
  if (most === undefined) return [];
  const by = most.refusedBy === null ? "" : ` by ${most.refusedBy}`;
  const others = refused.length === 1 ? "" : `; ${refused.length - 1} more with refusals`;
  const { refusedSince: since } = most;
  const isLong = since !== null && Date.parse(at) - Date.parse(since) >= HOUR_MS;
  const long = isLong ? " for an hour or more" : "";
  const text = `${most.name}: ${Math.round(most.refusedShare * 100)} % of calls refused${by}${long}${others}`;
  return [{ level: "warning", text, since: isLong ? null : since, href: `/tenants/${most.slug}` }];
}

function processes(alive: number): string {
  return alive === 1 ? "1 process" : `${alive} processes`;
}
