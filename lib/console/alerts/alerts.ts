import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  type ChannelRow,
  deleteChannel,
  deleteRule,
  insertChannel,
  insertDeliveries,
  muteRule,
  putRule,
  type RuleRow,
  readAlerts,
  readChannels,
  readDeliveries,
  readRules,
  updateChannel,
} from "@/db/queries/operators/alerts";
import { channelConfig, type Message, newWebhookSecret, shownOf } from "@/lib/alerts/channels";
import { mayBrake, ruleBrake, ruleWatch, SEVERITIES } from "@/lib/alerts/rules";
import { DAY_SECONDS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { keepForUndo } from "../records/restore";

const name = z.string().trim().min(1).max(100);

export const channelInput = z.strictObject({ name, config: channelConfig });
export const channelEdit = z.strictObject({
  name,
  /** off = nothing is sent there */
  enabled: z.boolean(),
  /** its new address; absent = unchanged */
  config: channelConfig.optional(),
});
export const ruleInput = z.strictObject({
  name,
  watch: ruleWatch,
  severity: z.enum(SEVERITIES).default("warning"),
  channels: z.array(z.string().max(64)).max(20).default([]),
  enabled: z.boolean().default(true),
  /** sets a brake automatically on the tenant or provider that it finds; only for rules about one of these */
  brake: ruleBrake.nullable().default(null),
});
export const muteInput = z.strictObject({
  /** null = unmuted */
  forSeconds: z
    .number()
    .int()
    .min(60)
    .max(30 * DAY_SECONDS)
    .nullable(),
  reason: z.string().trim().min(1).max(500),
});

export type RuleView = ReturnType<typeof ruleShown>;
export type ChannelView = ReturnType<typeof channelShown>;

/** GET /api/admin/alert-rules */
export async function listRules({ context }: Pick<AdminRequest, "context">) {
  return { body: { rules: (await readRules(context.db)).map((row) => ruleShown(context, row)) } };
}

/** POST /api/admin/alert-rules */
export async function createRule(request: AdminRequest<typeof ruleInput>) {
  return { status: 201, body: await writeRule(request, `rul_${randomUUID().slice(0, 18)}`, "alert-rules.create") };
}

/** PUT /api/admin/alert-rules/{id} */
export async function editRule(request: AdminRequest<typeof ruleInput>) {
  const id = request.params.id ?? "";
  const known = (await readRules(request.context.db)).find((row) => row.id === id);
  if (known === undefined) throw new PublicError("not_found", "There is no such rule.");
  return { body: await writeRule(request, id, "alert-rules.edit") };
}

async function writeRule(
  { context, actor, input }: AdminRequest<typeof ruleInput>,
  id: string,
  action: string,
): Promise<RuleView> {
  const channels = new Set((await readChannels(context.db)).map((row) => row.id));
  const unknown = input.channels.find((channel) => !channels.has(channel));
  if (unknown !== undefined) throw new PublicError("invalid_value", "There is no such channel.", { param: "channels" });
  if (input.brake !== null && !mayBrake(input.watch.kind)) {
    const message = "Only spend_rate, refusal_rate, upstream_errors and emergency_cap can set a brake.";
    throw new PublicError("invalid_value", message, { param: "brake" });
  }
  const before = (await readRules(context.db)).find((row) => row.id === id);
  const row = {
    id,
    name: input.name,
    kind: input.watch.kind,
    params: input.watch,
    severity: input.severity,
    channelIds: input.channels,
    enabled: input.enabled,
    brake: input.brake,
  };
  await change(context, actor, async (tx) => {
    if (!(await putRule(tx, row))) {
      throw new PublicError("conflict", `A rule "${input.name}" already exists.`, { param: "name" });
    }
    const shown = before === undefined ? null : ruleShown(context, before);
    return { result: null, change: { action, target: input.name, before: shown, after: input, reason: null } };
  });
  const stored = (await readRules(context.db)).find((one) => one.id === id);
  if (stored === undefined) throw new Error("a rule that was written is not there");
  return ruleShown(context, stored);
}

/** DELETE /api/admin/alert-rules/{id}: also removes its alerts. */
export async function removeRule({ context, actor, params }: AdminRequest) {
  const removed = await change(context, actor, async (tx) => {
    await keepForUndo(tx, { kind: "alert-rule", id: params.id ?? "", nowMs: context.clock.now() });
    const row = await deleteRule(tx, params.id ?? "");
    if (row === null) throw new PublicError("not_found", "There is no such rule.");
    const before = ruleShown(context, row);
    const entry = { action: "alert-rules.remove", target: row.name, before, after: null, reason: null };
    return { result: row.name, change: entry };
  });
  return { body: { removed } };
}

/** POST /api/admin/alert-rules/{id}/mute: until then alerts are recorded but not sent. */
export async function mute({ context, actor, params, input }: AdminRequest<typeof muteInput>) {
  const { forSeconds, reason } = input;
  const until = forSeconds === null ? null : new Date(context.clock.now() + forSeconds * 1000);
  const row = await change(context, actor, async (tx) => {
    const muted = await muteRule(tx, params.id ?? "", until, until === null ? null : reason);
    if (muted === null) throw new PublicError("not_found", "There is no such rule.");
    const after = { until: until?.toISOString() ?? null };
    return { result: muted, change: { action: "alert-rules.mute", target: muted.name, before: null, after, reason } };
  });
  return { body: ruleShown(context, row) };
}

/** GET /api/admin/alert-channels: the host of each channel, never its secret. */
export async function listChannels({ context }: Pick<AdminRequest, "context">) {
  return { body: { channels: (await readChannels(context.db)).map(channelShown) } };
}

/** POST /api/admin/alert-channels: only this response contains a webhook's secret. */
export async function createChannel({ context, actor, input }: AdminRequest<typeof channelInput>) {
  const { name: given, config } = input;
  const id = `chn_${randomUUID().slice(0, 18)}`;
  const place = placeOf(context, id, config);
  const row = { id, name: given, ...place.row };
  await change(context, actor, async (tx) => {
    if (!(await insertChannel(tx, row))) {
      throw new PublicError("conflict", `A channel "${given}" already exists.`, { param: "name" });
    }
    const after = { name: given, kind: config.kind, leadsTo: row.shown };
    return {
      result: null,
      change: { action: "alert-channels.create", target: given, before: null, after, reason: null },
    };
  });
  return { status: 201, body: { ...channelShown({ ...row, enabled: true }), ...place.told } };
}

/**
 * PUT /api/admin/alert-channels/{id}: changes the name, the address, or turns it on or off. Only this response contains
 * a new webhook's secret.
 */
export async function editChannel({ context, actor, params, input }: AdminRequest<typeof channelEdit>) {
  const { name: given, enabled, config } = input;
  const id = params.id ?? "";
  const before = (await readChannels(context.db)).find((one) => one.id === id);
  if (before === undefined) throw new PublicError("not_found", "There is no such channel.");
  const place = config === undefined ? null : placeOf(context, id, config);
  const row = await change(context, actor, async (tx) => {
    const stored = await updateChannel(tx, id, { name: given, enabled, ...place?.row });
    if (stored === null) throw new PublicError("not_found", "There is no such channel.");
    if (stored === "taken") {
      throw new PublicError("conflict", `A channel "${given}" already exists.`, { param: "name" });
    }
    const [was, after] = [channelShown(before), channelShown(stored)];
    const entry = { action: "alert-channels.edit", target: given, before: was, after, reason: null };
    return { result: stored, change: entry };
  });
  return { body: { ...channelShown(row), ...place?.told } };
}

/** The stored form of a channel's address, and the secret for its receiver. */
function placeOf(context: ConsoleContext, id: string, config: z.infer<typeof channelConfig>) {
  const secret = config.kind === "webhook" ? (config.secret ?? newWebhookSecret()) : null;
  const whole = config.kind === "webhook" ? { ...config, secret } : config;
  const row = { kind: config.kind, sealed: context.seal(id, JSON.stringify(whole)), shown: shownOf(config) };
  return { row, told: secret === null ? {} : { secret } };
}

/** DELETE /api/admin/alert-channels/{id}: also removes its messages. */
export async function removeChannel({ context, actor, params }: AdminRequest) {
  const removed = await change(context, actor, async (tx) => {
    await keepForUndo(tx, { kind: "alert-channel", id: params.id ?? "", nowMs: context.clock.now() });
    const row = await deleteChannel(tx, params.id ?? "");
    if (row === null) throw new PublicError("not_found", "There is no such channel.");
    const before = channelShown(row);
    const entry = { action: "alert-channels.remove", target: row.name, before, after: null, reason: null };
    return { result: row.name, change: entry };
  });
  return { body: { removed } };
}

/** POST /api/admin/alert-channels/{id}/test: queues one message. The deliveries show its result. */
export async function testChannel({ context, actor, params }: AdminRequest) {
  const row = (await readChannels(context.db)).find((one) => one.id === params.id);
  if (row === undefined) throw new PublicError("not_found", "There is no such channel.");
  const now = new Date(context.clock.now());
  const message: Message = {
    kind: "test",
    rule: "Test",
    severity: "info",
    at: now.toISOString(),
    console: context.publicUrl,
    findings: [{ title: `${actor.name} tries this channel`, detail: {}, dedupeKey: `test/${row.id}` }],
  };
  const id = `msg_${randomUUID()}`;
  await change(context, actor, async (tx) => {
    await insertDeliveries(tx, [{ id, channelId: row.id, message: { ...message }, nextAt: now, createdAt: now }]);
    const entry = { action: "alert-channels.test", target: row.name, before: null, after: null, reason: null };
    return { result: null, change: entry };
  });
  return { status: 201, body: { delivery: id } };
}

const page = (most: number) => z.coerce.number().int().min(1).max(most).default(50);
export const alertsQuery = z.strictObject({
  before: moment.optional(),
  /** absent: both */
  state: z.enum(["open", "over"]).optional(),
  limit: page(500),
});
export const deliveriesQuery = z.strictObject({
  before: z.coerce.number().int().min(1).optional(),
  limit: page(500),
});

/** GET /api/admin/alerts?before=&state=&limit=: alerts, newest first; `next` is the cursor of the page after. */
export async function listAlerts({ context, input }: AdminRequest<typeof alertsQuery>) {
  const { before, state = null, limit } = input;
  const rows = await readAlerts(context.db, { before: new Date(before ?? "9999-01-01"), state, limit });
  const shown = rows.map(({ alert, rule }) => ({
    id: alert.id,
    rule,
    title: alert.title,
    severity: alert.severity,
    detail: alert.detail,
    startedAt: alert.startedAt.toISOString(),
    endedAt: alert.endedAt?.toISOString() ?? null,
  }));
  return { body: { alerts: shown, next: rows.length < limit ? null : (shown.at(-1)?.startedAt ?? null) } };
}

/** GET /api/admin/alert-deliveries?before=&limit=: messages with how their sending went, newest first. */
export async function listDeliveries({ context, input }: AdminRequest<typeof deliveriesQuery>) {
  const { before, limit } = input;
  const rows = await readDeliveries(context.db, { before: before ?? Number.MAX_SAFE_INTEGER, limit });
  const shown = rows.map(({ delivery, channel }) => {
    const { seq, id, attempts, lastError, message } = delivery;
    const status = delivery.deliveredAt !== null ? "delivered" : delivery.nextAt !== null ? "waiting" : "given up";
    return {
      seq,
      id,
      channel,
      attempts,
      lastError,
      message,
      status,
      nextAt: status === "waiting" ? (delivery.nextAt?.toISOString() ?? null) : null,
      deliveredAt: delivery.deliveredAt?.toISOString() ?? null,
      createdAt: delivery.createdAt.toISOString(),
    };
  });
  return { body: { deliveries: shown, next: rows.length < limit ? null : (rows.at(-1)?.delivery.seq ?? null) } };
}

export function ruleShown(context: ConsoleContext, row: RuleRow) {
  const isMuted = row.mutedUntil !== null && row.mutedUntil.getTime() > context.clock.now();
  return {
    id: row.id,
    name: row.name,
    watch: row.params,
    severity: row.severity,
    channels: row.channelIds,
    enabled: row.enabled,
    brake: ruleBrake.nullable().catch(null).parse(row.brake),
    muted: isMuted ? { until: row.mutedUntil?.toISOString() ?? "", reason: row.muteReason } : null,
  };
}

export function channelShown({
  id,
  name: given,
  kind,
  shown,
  enabled,
}: Pick<ChannelRow, "id" | "name" | "kind" | "shown" | "enabled">) {
  return { id, name: given, kind, leadsTo: shown, enabled };
}
