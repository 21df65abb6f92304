import { z } from "zod";
import { deleteModel, deleteProvider, findProvider, listCatalog } from "@/db/queries/catalog/catalog";
import { listTiers } from "@/db/queries/limits/tiers";
import { PublicError } from "@/lib/errors";
import { ladderOf } from "@/lib/policy/rows/ladder-row";
import { needsConfirmation } from "../access/sessions";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { parsed, type reasonOnly } from "../kernel/input";
import { shownCredentials } from "./credentials";

const slug = z.string().min(1).max(128);
const NAMED_MAX = 5;

/** DELETE /api/admin/providers/{slug}: only one without models. Its calls stay in the ledger under its name. */
export async function removeProvider(request: AdminRequest<typeof reasonOnly>) {
  const { context, actor, params, input } = request;
  const name = parsed(slug, params.slug);
  needsConfirmation({ context, actor }, "Removing a provider");
  await change(context, actor, async (tx) => {
    const found = await findProvider(tx, name);
    if (found === null) throw new PublicError("not_found", `There is no provider "${name}".`);
    const { models } = await listCatalog(tx);
    const served = models.filter((model) => model.providerId === found.id).map((model) => model.slug);
    refuseUsed("provider", name, [["serves", served]]);
    await deleteProvider(tx, found.id);
    const credentials = shownCredentials(found.credentials);
    const before = { ...found, credentialSealed: undefined, credentials };
    const reason = input.reason ?? null;
    return { result: null, change: { action: "providers.remove", target: name, before, after: null, reason } };
  });
  return { body: { slug: name, removed: true } };
}

/** DELETE /api/admin/models/{slug}: with its prices. Its calls stay in the ledger with their cost. */
export async function removeModel(request: AdminRequest<typeof reasonOnly>) {
  const { context, actor, params, input } = request;
  const name = parsed(slug, params.slug);
  needsConfirmation({ context, actor }, "Removing a model");
  await change(context, actor, async (tx) => {
    const { models } = await listCatalog(tx);
    const found = models.find((model) => model.slug === name);
    if (found === undefined) throw new PublicError("not_found", `There is no model "${name}".`);
    const { tiers } = await listTiers(tx);
    refuseUsed("model", name, [
      ["is a fallback of", models.filter((model) => model.fallbacks.includes(name)).map((model) => model.slug)],
      [
        "is a cheaper model of tier",
        tiers.filter((tier) => ladderOf(tier.ladder).models.includes(name)).map((tier) => tier.slug),
      ],
    ]);
    await deleteModel(tx, found.id);
    const reason = input.reason ?? null;
    return { result: null, change: { action: "models.remove", target: name, before: found, after: null, reason } };
  });
  return { body: { slug: name, removed: true } };
}

/** Lists the references to it, so the operator can remove them first. */
function refuseUsed(
  kind: string,
  name: string,
  uses: readonly (readonly [how: string, by: readonly string[]])[],
): void {
  const parts = uses.flatMap(([how, by]) => {
    if (by.length === 0) return [];
    const more = by.length > NAMED_MAX ? ` and ${by.length - NAMED_MAX} more` : "";
    return [`${how} ${by.slice(0, NAMED_MAX).join(", ")}${more}`];
  });
  if (parts.length === 0) return;
  throw new PublicError("conflict", `The ${kind} "${name}" ${parts.join(" and ")}. Remove these references first.`);
}
