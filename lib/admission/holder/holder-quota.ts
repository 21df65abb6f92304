import { isSharedLayer, ownCapacity } from "@/lib/limits/rules/layers";
import { isForEveryone } from "@/lib/policy/compile";
import type { Origin } from "@/lib/policy/policy";
import type { Quota, QuotaLine } from "../quota";

/** Where a limit comes from, without what operators wrote about it. */
export type HolderOrigin = Exclude<Origin, { readonly from: "override" }> | { readonly from: "override" };

const NOT_TOLD = {
  ...{ used: null, reserved: null, credit: null, remaining: null },
  ...{ resetSeconds: null, resetAt: null, exhaustedAt: null },
};
type Named = Omit<QuotaLine, keyof typeof NOT_TOLD | "origin" | "limit"> & { readonly origin: HolderOrigin };

/** A limit as its holder sees it. `shared`: one counter over all tenants, whose numbers are the platform's. */
export type HolderLine =
  | (Named & { readonly shared: true; readonly limit: number | null } & Readonly<typeof NOT_TOLD>)
  | (Named & { readonly shared: false } & Pick<QuotaLine, keyof typeof NOT_TOLD | "limit">);

export type HolderQuota = Omit<Quota, "limits"> & { readonly limits: readonly HolderLine[] };

/** A quota without what is not its holder's to know: operators' reasons, and the numbers of what all tenants share. */
export function holderQuota(quota: Quota): HolderQuota {
  return { ...quota, limits: quota.limits.map(holderLine) };
}

/** One line of it. */
export function holderLine(line: QuotaLine): HolderLine {
  const { origin, limit, used, reserved, credit, remaining, resetSeconds, resetAt, exhaustedAt, ...rest } = line;
  const named = { ...rest, origin: origin.from === "override" ? { from: origin.from } : origin };
  if (isShared(line)) return { ...named, shared: true, limit: ownCapacity(line.layer, limit), ...NOT_TOLD };
  const told = { limit, used, reserved, credit, remaining, resetSeconds, resetAt, exhaustedAt };
  return { ...named, shared: false, ...told };
}

/** Of the model layer, a tier's limits count each tenant by itself. */
function isShared(line: QuotaLine): boolean {
  return isForEveryone(line) || (isSharedLayer(line.layer) && line.layer !== "model");
}
