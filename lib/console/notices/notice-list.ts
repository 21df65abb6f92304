import { DAY_MS } from "@/lib/clock";
import type { BrakeState } from "../brakes/brake-view";
import { scopeWords } from "../brakes/scope-words.shared";

/** One thing that happened, with the page of its object. */
export type Notice = { readonly id: string; readonly at: string; readonly text: string; readonly href: string };

/** Answers of other verbs: the members that are used here. */
export type NoticeSources = {
  readonly alerts: readonly {
    readonly id: string;
    readonly title: string;
    readonly detail: Readonly<Record<string, unknown>>;
    readonly startedAt: string;
    readonly endedAt: string | null;
  }[];
  readonly brakes: readonly Pick<
    BrakeState,
    "id" | "scope" | "names" | "reason" | "createdBy" | "createdAt" | "expiresAt" | "liftedAt" | "liftedBy"
  >[];
  readonly deliveries: readonly {
    readonly id: string;
    readonly channel: string | null;
    readonly status: string;
    readonly lastError: string | null;
    readonly createdAt: string;
  }[];
  readonly keys: readonly {
    readonly id: string;
    readonly name: string;
    readonly tenant: string;
    readonly tenantName?: string;
    readonly expiresAt: string | null;
  }[];
};

export const NOTICES_MAX = 40;
/** Keys are listed as expiring from this long before. */
const WARNED_MS = 14 * DAY_MS;

/** What happened until `now`, newest first. A key's notice is dated when it came within two weeks of its end. */
export function noticesOf({ alerts, brakes, deliveries, keys }: NoticeSources, now: number): Notice[] {
  const all = [
    ...alerts.flatMap(({ id, title, detail, startedAt, endedAt }) => {
      const href = alertHref(detail);
      return [
        { id: `${id} opened`, at: startedAt, text: `Alert opened: ${title}`, href },
        { id: `${id} closed`, at: endedAt, text: `Alert closed: ${title}`, href },
      ];
    }),
    ...brakes.flatMap((brake) => {
      const what = scopeWords(brake.scope, brake.names);
      const isLifted = brake.liftedAt !== null;
      const set = `Brake set by ${brake.createdBy}: ${what} (${brake.reason})`;
      const end = isLifted ? `Brake lifted by ${brake.liftedBy}: ${what}` : `Brake expired: ${what}`;
      return [
        { id: `${brake.id} set`, at: brake.createdAt, text: set, href: "/brakes" },
        { id: `${brake.id} ended`, at: brake.liftedAt ?? brake.expiresAt, text: end, href: "/brakes" },
      ];
    }),
    ...deliveries.flatMap(({ id, channel, status, lastError, createdAt }) => {
      if (status === "delivered" || lastError === null) return [];
      const text = `Message to ${channel ?? "a removed channel"} not delivered: ${lastError}`;
      return [{ id, at: createdAt, text, href: "/alerts" }];
    }),
    ...keys.flatMap(({ id, name, tenant, tenantName, expiresAt }) => {
      if (expiresAt === null) return [];
      const at = new Date(Date.parse(expiresAt) - WARNED_MS).toISOString();
      const text = `Key ${name} of ${tenantName ?? tenant} expires on ${expiresAt.slice(0, 10)}`;
      return [{ id, at, text, href: `/keys?${new URLSearchParams({ find: id })}` }];
    }),
  ];
  return all
    .flatMap(({ at, ...rest }) => (at === null || Date.parse(at) > now ? [] : { ...rest, at }))
    .sort((left, right) => (left.at < right.at ? 1 : left.at > right.at ? -1 : 0))
    .slice(0, NOTICES_MAX);
}

/** The page of what an alert is about. */
function alertHref({ tenant, budget, provider }: Readonly<Record<string, unknown>>): string {
  if (typeof budget === "string") return "/spend";
  if (typeof tenant === "string" && tenant !== "") return `/tenants/${encodeURIComponent(tenant)}`;
  return typeof provider === "string" ? "/scarcity" : "/alerts";
}
