import { callsPerMinute, movementsBetween } from "@/db/queries/overview/movements";
import { MINUTE_MS } from "@/lib/clock";
import type { AdminRequest } from "../../kernel/door";
import { tenantLines } from "../nearest/tenant-lines";
import { CHART_MINUTES } from "../overview-watch";
import { perMinute, topMovers, totalsOf } from "./top-movers.shared";

export type MoversView = Awaited<ReturnType<typeof movers>>["body"];

/**
 * GET /api/admin/overview/movers: the tenants whose calls, tokens, money and refusals in the last whole 60 minutes
 * differ most from the same minutes of the day before, with the totals of all tenants; and the calls per minute of the tenants that the overview lists.
 * At most ten seconds old.
 */
export async function movers({ context }: Pick<AdminRequest, "context">) {
  const now = context.clock.now();
  const to = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const from = to - CHART_MINUTES * MINUTE_MS;
  const { snapshot } = context.policy;
  const of = `${to} ${snapshot.version}`;
  const body = await context.watch.movers.get(of, now, async () => {
    const { lines } = await tenantLines(context, now);
    const idOf = new Map([...snapshot.tenants.values()].map(({ slug, id }) => [slug, id]));
    const shown = lines.flatMap(({ slug }) => ({ slug, id: idOf.get(slug) ?? "" }));
    const [movements, calls] = await Promise.all([
      movementsBetween(context.db, new Date(from), new Date(to)),
      callsPerMinute(
        context.db,
        shown.map(({ id }) => id),
        new Date(from),
        new Date(to),
      ),
    ]);
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      totals: totalsOf(movements),
      movers: topMovers(movements, snapshot.tenants),
      trends: shown.map(({ slug, id }) => ({
        slug,
        callsPerMinute: perMinute(
          calls.filter(({ tenantId }) => tenantId === id),
          from,
          CHART_MINUTES,
        ),
      })),
    };
  });
  return { body };
}
