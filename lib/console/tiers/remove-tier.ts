import { countTenantsOn, deleteTier } from "@/db/queries/limits/remove-tier";
import { lockTier } from "@/db/queries/limits/tiers";
import { PublicError } from "@/lib/errors";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import type { reasonOnly } from "../kernel/input";
import { noSuchTier, oneTier } from "./tiers";

/** DELETE /api/admin/tiers/{slug}: only one without tenants. Its versions stay in the audit log. */
export async function removeTier({ context, actor, params, input }: AdminRequest<typeof reasonOnly>) {
  const slug = params.slug ?? "";
  const { name, limits, ladder, version } = await oneTier(context, slug);
  await change(context, actor, async (tx) => {
    const tier = await lockTier(tx, slug);
    if (tier === null) throw noSuchTier(slug);
    const tenants = await countTenantsOn(tx, tier.id);
    if (tenants > 0) {
      const message = `${tenants === 1 ? "One tenant is" : `${tenants} tenants are`} on this tier. Move them to another one first.`;
      throw new PublicError("conflict", message);
    }
    await deleteTier(tx, tier.id);
    const before = { name, version, limits, ladder };
    const entry = { action: "tiers.remove", target: slug, before, after: null, reason: input.reason ?? null };
    return { result: null, change: entry };
  });
  return { body: { slug, removed: true } };
}
