import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Database } from "@/db/client";
import { insertBrake } from "@/db/queries/operators/brakes";
import { insertKey, KEY_STATES, type KeyRecord, readKeys, readReplaced, updateKey } from "@/db/queries/tenants/tenancy";
import { DAY_MS, HOUR_SECONDS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { ENDPOINTS } from "@/lib/wire/call";
import { needsConfirmation } from "../access/sessions";
import { brakeId } from "../brakes/brake-input";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { displayName } from "../kernel/input";
import { csvFile } from "../money/usage";
import { ownIds } from "../scope/scoped";
import { tenantBySlug } from "../tenants/tenants";
import { KEY_ENVIRONMENTS, keyPrefix } from "./key-environment.shared";
import { lifetimeOf, successorEnd } from "./key-lifetime";
import { keyChange, shownKey } from "./key-view";
import { activeKey, keyDaysMaxOf, madeByHolderOf, OVERLAP_SECONDS, refuseSecond, successorOf } from "./successor";

const LEAKED_CUT_MS = 600_000;

const name = displayName;
const models = z.array(z.string().min(1).max(128)).min(1).max(100).nullable();
const endpoints = z.array(z.enum(ENDPOINTS)).min(1).nullable();
const ipAllow = z
  .array(z.string().refine(ipaddr.isValidCIDR, "is not an address range such as 10.0.0.0/8"))
  .min(1)
  .max(50)
  .nullable();
/** MiB: more than the largest request that a vendor takes (Anthropic: 32). */
const bodyMbMax = z.number().int().min(1).max(64).nullable();
/** days after its creation; null = no schedule */
const rotateEveryDays = z.number().int().min(1).max(3650).nullable();
const days = z.number().int().min(1).max(3650).nullable();

export const newKey = z.strictObject({
  tenant: z.string(),
  name,
  environment: z.enum(KEY_ENVIRONMENTS).default("production"),
  models: models.default(null),
  endpoints: endpoints.default(null),
  ipAllow: ipAllow.default(null),
  /** the most urgent priority that its calls may have */
  priority: z.enum(PRIORITIES).default("interactive"),
  /** the largest body of its calls, in MiB; null = BODY_MB_MAX of the process */
  bodyMbMax: bodyMbMax.default(null),
  /** at most what its tier allows; null = it never expires; absent = 90 days, or what the tier allows */
  expiresInDays: days.optional(),
  /** it is to be replaced so many days after its creation: until then operators and its holder are reminded */
  rotateEveryDays: rotateEveryDays.default(null),
  /** its holder may replace it at /me, without an operator */
  holderMayRotate: z.boolean().default(false),
});
export const editedKey = z.strictObject({
  name: name.optional(),
  models: models.optional(),
  endpoints: endpoints.optional(),
  ipAllow: ipAllow.optional(),
  priority: z.enum(PRIORITIES).optional(),
  bodyMbMax: bodyMbMax.optional(),
  expiresInDays: days.optional(),
  rotateEveryDays: rotateEveryDays.optional(),
  holderMayRotate: z.boolean().optional(),
});
export const rotation = z.strictObject({
  /** how long the old key works after the first use of the new key */
  overlapSeconds: z
    .number()
    .int()
    .min(0)
    .max(7 * 24 * HOUR_SECONDS)
    .default(OVERLAP_SECONDS),
});
export const because = z.strictObject({ reason: z.string().trim().min(1).max(500) });

export type KeyView = ReturnType<typeof shownKey> & {
  /** in a list: what its tenant is called */
  readonly tenantName?: string;
  /** in a list: whether another key is there to replace it */
  readonly isReplaced?: boolean;
};

export const keysQuery = z.strictObject({
  tenant: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  /** `next` of the page before */
  after: z.string().max(64).optional(),
  /** words that must all occur in the name, the public id or the last characters */
  find: z.string().max(200).optional(),
  /** expiring: within 14 days; rotation: due within 14 days; unused: for 30 days; ended: revoked or expired */
  state: z.enum(KEY_STATES).optional(),
  format: z.enum(["json", "csv"]).default("json"),
});

/** GET /api/admin/keys?tenant=&find=&limit=&after=&format=: never the keys themselves. */
export async function listKeys({ context, actor, input }: AdminRequest<typeof keysQuery>) {
  const { tenant: slug, limit, after, format, find = null, state } = input;
  const tenantIds = slug === undefined ? ownIds(context, actor.tenants) : [tenantBySlug(context, slug).id];
  const rows = await readKeys(context.db, tenantIds, { find, after: after ?? null, limit, state });
  if (format === "csv") {
    const keys = rows.map((row) => shownKey(context, row));
    return { body: { keys, next: null }, file: csvFile("keys.csv", keys) };
  }
  const { tenants } = context.policy.snapshot;
  const replaced = await readReplaced(
    context.db,
    rows.map(({ id }) => id),
  );
  const keys: KeyView[] = rows.map((row) => {
    const view = shownKey(context, row);
    return { ...view, tenantName: tenants.get(row.tenantId)?.name ?? view.tenant, isReplaced: replaced.has(row.id) };
  });
  return { body: { keys, next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) } };
}

/** POST /api/admin/keys: only this response contains the key. */
export async function createKey({ context, actor, input }: AdminRequest<typeof newKey>) {
  const { tenant: slug, expiresInDays, rotateEveryDays: rotateDays, ...rest } = input;
  needsConfirmation({ context, actor }, "Creating a key");
  const tenant = tenantBySlug(context, slug);
  const expiresAt = expiryOf(context, tenant.id, expiresInDays);
  const minted = context.mintKey(keyPrefix(rest.environment));
  const row = await change(context, actor, async (tx) => {
    const { text: _text, ...stored } = minted;
    const key = await insertKey(tx, {
      ...stored,
      ...rest,
      rotateDays,
      tenantId: tenant.id,
      familyId: `fam_${stored.id}`,
      expiresAt,
    });
    return { result: key, change: keyChange("keys.create", context, null, key, null) };
  });
  return { status: 201, body: { ...shownKey(context, row), key: minted.text } };
}

/** PATCH /api/admin/keys/{id}: changes its name, rights, allowed addresses and expiry. */
export async function editKey({ context, actor, params, input }: AdminRequest<typeof editedKey>) {
  const { expiresInDays, rotateEveryDays: rotateDays, ...rest } = input;
  if ([expiresInDays, rotateDays, ...Object.values(rest)].every((one) => one === undefined))
    throw new PublicError("invalid_value", "The request changes nothing.");
  const { name: _name, ...rights } = rest;
  if (expiresInDays !== undefined || Object.keys(rights).length > 0)
    needsConfirmation({ context, actor }, "Changing a key's rights or expiry");
  const row = await change(context, actor, async (tx) => {
    const before = await activeKey(tx, params.id);
    const ends = expiresInDays === undefined ? {} : { expiresAt: expiryOf(context, before.tenantId, expiresInDays) };
    const key = await updateKey(tx, before.id, { ...rest, ...ends, rotateDays });
    return { result: key, change: keyChange("keys.edit", context, before, key, null) };
  });
  return { body: shownKey(context, row) };
}

/**
 * POST /api/admin/keys/{id}/rotate: creates a successor with the same rights, limits and counters. Both keys work until
 * some time after the successor's first use, so no call fails.
 */
export async function rotateKey({ context, actor, params, input }: AdminRequest<typeof rotation>) {
  const { overlapSeconds } = input;
  needsConfirmation({ context, actor }, "Creating a key");
  let text = "";
  const row = await change(context, actor, async (tx) => {
    const old = await activeKey(tx, params.id);
    await refuseSecond(tx, old, "Revoke the successor to cancel the rotation.");
    const expiresAt = successorEnd(old, keyDaysMaxOf(context, old.tenantId), context.clock.now());
    const minted = context.mintKey(keyPrefix(old.environment));
    text = minted.text;
    const key = await insertKey(tx, successorOf(old, minted, { overlapSeconds, expiresAt, madeByHolder: false }));
    return { result: key, change: keyChange("keys.rotate", context, old, key, null) };
  });
  return { status: 201, body: { ...shownKey(context, row), key: text } };
}

/** POST /api/admin/keys/{id}/revoke: every process answers its next call with 401. Running calls finish. */
export async function revokeKey({ context, actor, params, input: { reason } }: AdminRequest<typeof because>) {
  const row = await change(context, actor, async (tx) => {
    const before = await activeKey(tx, params.id);
    const key = await revoke(tx, before, context.clock.now());
    return { result: key, change: keyChange("keys.revoke", context, before, key, reason) };
  });
  return { body: shownKey(context, row) };
}

/**
 * POST /api/admin/keys/{id}/leaked: revokes the key and ends its running calls. Also every successor that its holder made,
 * because the finder of a key can rotate it.
 */
export async function leakedKey({ context, actor, params, input: { reason } }: AdminRequest<typeof because>) {
  const now = context.clock.now();
  const row = await change(context, actor, async (tx) => {
    const before = await activeKey(tx, params.id);
    const successors = await madeByHolderOf(tx, before);
    const key = await revoke(tx, before, now);
    for (const one of successors) await revoke(tx, one, now);
    for (const { id } of [before, ...successors]) {
      const cut = { scope: { key: id }, mode: "cut", reason: `leaked key: ${reason}`, createdBy: actor.name };
      const times = { createdAt: new Date(now), expiresAt: new Date(now + LEAKED_CUT_MS) };
      await insertBrake(tx, { id: brakeId(), ...cut, ...times, publicMessage: "this API key has been revoked" });
    }
    const changed = keyChange("keys.leaked", context, before, key, reason);
    const after = { ...shownKey(context, key), successorsRevoked: successors.map(({ id }) => id) };
    return { result: key, change: { ...changed, after } };
  });
  return { body: shownKey(context, row) };
}

function revoke(tx: Database, { id }: KeyRecord, now: number): Promise<KeyRecord> {
  return updateKey(tx, id, { status: "revoked", revokedAt: new Date(now) });
}

/** Expiry of a tenant's key. Throws PublicError if it exceeds the tier's maximum. */
function expiryOf(context: ConsoleContext, tenantId: string, asked: number | null | undefined): Date | null {
  const lifetime = lifetimeOf(asked, keyDaysMaxOf(context, tenantId));
  if (lifetime.kind === "too long") {
    throw new PublicError("invalid_value", lifetime.message, { param: "expiresInDays" });
  }
  return lifetime.days === null ? null : new Date(context.clock.now() + lifetime.days * DAY_MS);
}
