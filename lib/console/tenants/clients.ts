import { readClients } from "@/db/queries/tenants/clients";
import { DAY_MS } from "@/lib/clock";
import type { AdminRequest } from "../kernel/door";
import { tenantBySlug } from "./tenants";

const DAYS = 7;

/** The behaviour of a tenant's client libraries: decided calls, retries, refusals. */
export type ClientsView = {
  readonly days: number;
  readonly clients: readonly { client: string; calls: number; retries: number; refused: number }[];
};

/** GET /api/admin/tenants/{slug}/clients: the last seven days, the busiest library first. */
export async function listClients({ context, params }: AdminRequest) {
  const tenant = tenantBySlug(context, params.slug ?? "");
  await context.drainBooks();
  const today = Math.floor(context.clock.now() / DAY_MS) * DAY_MS;
  const since = new Date(today - (DAYS - 1) * DAY_MS);
  const view: ClientsView = { days: DAYS, clients: await readClients(context.db, { tenantId: tenant.id, since }) };
  return { body: view };
}
