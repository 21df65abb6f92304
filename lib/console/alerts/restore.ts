import { readChannels, readRules } from "@/db/queries/operators/alerts";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { restoreRemoved } from "../records/restore";
import { channelShown, ruleShown } from "./alerts";

/** POST /api/admin/alert-rules/{id}/restore: undoes a removal; its id, its mute and its alerts are as they were. */
export async function restoreRule({ context, actor, params }: AdminRequest) {
  const id = params.id ?? "";
  const body = await change(context, actor, async (tx) => {
    await restoreRemoved(tx, { kind: "alert-rule", id, nowMs: context.clock.now() });
    const row = (await readRules(tx)).find((one) => one.id === id);
    if (row === undefined) throw new Error("a rule that was restored is not there");
    const after = ruleShown(context, row);
    const entry = { action: "alert-rules.restore", target: row.name, before: null, after, reason: null };
    return { result: after, change: entry };
  });
  return { body };
}

/** POST /api/admin/alert-channels/{id}/restore: undoes a removal; its id, address, secret and messages are as they were. */
export async function restoreChannel({ context, actor, params }: AdminRequest) {
  const id = params.id ?? "";
  const body = await change(context, actor, async (tx) => {
    await restoreRemoved(tx, { kind: "alert-channel", id, nowMs: context.clock.now() });
    const row = (await readChannels(tx)).find((one) => one.id === id);
    if (row === undefined) throw new Error("a channel that was restored is not there");
    const after = channelShown(row);
    const entry = { action: "alert-channels.restore", target: row.name, before: null, after, reason: null };
    return { result: after, change: entry };
  });
  return { body };
}
