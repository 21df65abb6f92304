import { randomUUID } from "node:crypto";
import { z } from "zod";
import { DAY_SECONDS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { BRAKE_MODES, type BrakeScope, isModelOf } from "@/lib/limits/brake";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { tagMeant } from "@/lib/limits/rules/tags";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import { ENDPOINTS } from "@/lib/wire/call";

const slug = z.string().min(1).max(128);
const callersName = z.string().trim().min(1).max(512);

export const newBrake = z.strictObject({
  scope: z.strictObject({
    tenant: slug.optional(),
    model: slug.optional(),
    provider: slug.optional(),
    key: slug.optional(),
    endpoint: slug.optional(),
    tier: slug.optional(),
    /** an end user as its tenant's callers name it; needs the tenant */
    user: callersName.optional(),
    /** as named by callers: an agent's session, and an agent */
    session: callersName.optional(),
    agent: callersName.optional(),
    /** one value of one tag: name=value */
    tag: callersName.optional(),
    priority: z.enum(PRIORITIES).optional(),
  }),
  mode: z.enum(BRAKE_MODES, `must be one of ${BRAKE_MODES.join(", ")}`).default("block"),
  reason: z.string().trim().min(8, "give a reason of at least 8 characters").max(500),
  publicMessage: z.string().trim().min(1).max(300).optional(),
  expiresInSeconds: z
    .number()
    .int()
    .min(1)
    .max(30 * DAY_SECONDS)
    .nullable(),
});

export const liftInput = z.strictObject({
  reason: z.string().trim().min(1).max(500).optional(),
  rampSeconds: z.number().int().min(10).max(3600).optional(),
});

export function brakeId(): string {
  return `brk_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
}

/** Refuses unknown names, because such a brake would stop nothing and look active. Keys are not looked up here. */
export function refuseUnknown({ tenants, tiers, models }: Snapshot, scope: BrakeScope): void {
  const { tenant, tier, model, provider, endpoint, tag, user } = scope;
  if (user !== undefined && tenant === undefined)
    throw new PublicError("invalid_value", "A user is one of a tenant: name the tenant too.", { param: "scope" });
  if (tag !== undefined && tagMeant(tag)?.value == null)
    throw new PublicError("invalid_value", "The tag of a scope is name=value.", { param: "scope" });
  const known = (list: Iterable<{ slug: string }>, name: string) => [...list].some((one) => one.slug === name);
  if (tenant !== undefined && !known(tenants.values(), tenant)) throw unknownName("tenant", tenant);
  if (tier !== undefined && !known(tiers.values(), tier)) throw unknownName("tier", tier);
  if (model !== undefined && ![...models.keys()].some((name) => isModelOf(model, name)))
    throw unknownName("model", model);
  const providers = [...models.values()].map((one) => one.provider);
  if (provider !== undefined && !known(providers, provider)) throw unknownName("provider", provider);
  if (endpoint !== undefined && !ENDPOINTS.some((name) => name === endpoint)) throw unknownName("endpoint", endpoint);
}

export function unknownName(kind: string, name: string): PublicError {
  return new PublicError("invalid_value", `There is no ${kind} "${name}".`, { param: "scope" });
}
