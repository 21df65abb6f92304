import { z } from "zod";
import { listAlerts, listDeliveries } from "../alerts/alerts";
import { listBrakes } from "../brakes/brakes";
import type { AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { listKeys } from "../keys/keys";
import { noticesOf } from "./notice-list";

/** Of each kind: more than are listed together. */
const READ_MAX = 40;

export const noticesQuery = z.strictObject({
  /** only what happened after this moment */
  since: moment.optional(),
});

/** GET /api/admin/notices?since=: the newest alerts, brakes, failed messages and expiring keys, at most 40. */
export async function listNotices(request: AdminRequest<typeof noticesQuery>) {
  const { context, input } = request;
  const since = input.since === undefined ? 0 : Date.parse(input.since);
  const some = { limit: READ_MAX };
  const [alerts, brakes, deliveries, keys] = await Promise.all([
    listAlerts({ ...request, input: some }),
    listBrakes(request),
    listDeliveries({ ...request, input: some }),
    listKeys({ ...request, input: { limit: READ_MAX, state: "expiring", format: "json" } }),
  ]);
  const sources = { ...alerts.body, ...brakes.body, ...deliveries.body, ...keys.body };
  const notices = noticesOf(sources, context.clock.now()).filter(({ at }) => Date.parse(at) > since);
  return { body: { notices } };
}
