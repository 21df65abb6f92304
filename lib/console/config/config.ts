import { z } from "zod";
import { readManaged } from "@/db/queries/operators/managed";
import { asPublicError, PublicError } from "@/lib/errors";
import { can } from "../kernel/can.shared";
import { BasedOn } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { isInScope } from "../scope/tenant-scope.shared";
import { configFile, configFileSchema } from "./config-file";
import { readLiveConfig } from "./live-config";
import { fileOf, mark, marksOf } from "./marks";
import { objectsOf } from "./objects";
import { type Drift, driftOf, faultsOf, type Mark, type Plan, type PlannedChange, planOf } from "./plan";
import { type FirstPassword, write } from "./write";

const source = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .meta({ description: "What the file is called; objects are marked with this name" });

export const planInput = z.strictObject({
  file: configFile,
  source,
  /** objects that another file manages become this file's */
  takeOver: z.boolean().default(false),
});
export const applyInput = planInput.extend({
  /** the version of the plan; 409 if another version is in force */
  version: z.number().int().min(0),
});

export type ConfigPlan = Plan & { readonly version: number };
export type ManagedView = {
  readonly objects: readonly (Mark & { readonly appliedAt: string; readonly appliedBy: string })[];
};
export type DriftView = { readonly drift: readonly Drift[] };

/** GET /api/admin/config: the configuration as a file that can be applied. Credentials are named, never in it. */
export async function exportConfig({ context }: AdminRequest) {
  return { body: (await readLiveConfig(context)).file };
}

/** GET /api/admin/config/schema.json: the JSON schema of such files, for editors. */
export async function readConfigSchema() {
  return { body: configFileSchema() };
}

/**
 * GET /api/admin/config/managed: which objects are managed from a file. Operators' names only for those who may see them;
 * for operators of some tenants only these.
 */
export async function listManaged({ context, actor }: AdminRequest) {
  const rows = marksOf(await readManaged(context.db));
  const { role, tenants } = actor;
  const shown = rows.filter(({ kind, name }) =>
    tenants === null ? kind !== "operator" || can(role, "staff.view") : kind === "tenant" && isInScope(tenants, name),
  );
  const objects = shown.map(({ content: _content, appliedAt, ...mark }) => ({
    ...mark,
    appliedAt: appliedAt.toISOString(),
  }));
  const view: ManagedView = { objects };
  return { body: view };
}

/** GET /api/admin/config/drift: objects that were edited after their file was applied. */
export async function readDrift({ context }: AdminRequest) {
  const view: DriftView = { drift: (await stateOf(context)).drift };
  return { body: view };
}

/** POST /api/admin/config/plan: what applying the file would do. Changes nothing. */
export async function planConfig({ context, input }: AdminRequest<typeof planInput>) {
  const { plan, live } = await planned(context, input);
  const view: ConfigPlan = { version: live.version, ...plan };
  return { body: view };
}

/**
 * PUT /api/admin/config: applies the plan, one change after the other, each with the console's verb. 409 if anything
 * else changed since `version` or changes in between. If a change fails, earlier changes stay and are listed in the
 * response. Applying the file again does the rest.
 */
export async function applyConfig({ context, actor, input }: AdminRequest<typeof applyInput>) {
  const { plan, live, rows } = await planned(context, input);
  if (plan.faults.length > 0)
    throw new PublicError("invalid_value", plan.faults.join("; "), { param: "file", details: { faults: plan.faults } });
  if (live.version !== input.version) throw staleVersion(input.version, live.version);
  const guarded = { ...context, basedOn: new BasedOn(live.version) };
  const job = { context: guarded, actor, file: input.file, live, source: input.source, now: context.clock.now() };
  const done: PlannedChange[] = [];
  const passwords: FirstPassword[] = [];
  let failed: Failed | null = null;
  for (const one of plan.changes) {
    try {
      const password = await write(job, one);
      if (password !== null) passwords.push(password);
      done.push(one);
    } catch (thrown) {
      failed = { what: `${one.kind} ${one.name}`, thrown };
      break;
    }
  }
  try {
    await mark({ context, actor }, { ...input, done, plan, rows, isWhole: failed === null });
  } catch (thrown) {
    failed ??= { what: "marking the objects as managed", thrown };
  }
  if (failed !== null) throw halfDone(failed, { applied: done, passwords }, plan.changes.length);
  return { body: { applied: done, passwords } };
}

type Failed = { readonly what: string; readonly thrown: unknown };

type Context = AdminRequest["context"];

async function stateOf(context: Context) {
  const [rows, live] = [marksOf(await readManaged(context.db)), await readLiveConfig(context)];
  const now = context.clock.now();
  const objects = objectsOf(live.file, now);
  return { rows, live, objects, drift: driftOf(rows, objectsOf(fileOf(rows), now), objects) };
}

async function planned(context: Context, input: z.infer<typeof planInput>) {
  const { rows, live, objects, drift } = await stateOf(context);
  const wanted = objectsOf(input.file, context.clock.now());
  const state = { wanted, live: objects, marks: rows, drift, source: input.source, takesOver: input.takeOver };
  const channels = new Set(live.channelIds.keys());
  const plan: Plan = { ...planOf(state), faults: faultsOf(input.file, { ...state, channels }) };
  return { plan, live, rows };
}

function staleVersion(yours: number, version: number): PublicError {
  const message = `The configuration has changed: it is now at version ${version}, and the plan was made from version ${yours}.`;
  return new PublicError("conflict", message, { details: { version } });
}

/** Lists the changes made before the failure, with new passwords, which are shown nowhere else. */
function halfDone(
  { what, thrown }: Failed,
  done: { readonly applied: readonly PlannedChange[]; readonly passwords: readonly FirstPassword[] },
  planned: number,
): PublicError {
  const known = asPublicError(thrown) ?? new PublicError("internal", "an internal error", { cause: thrown });
  const message = `${done.applied.length} of ${planned} changes were applied. Then ${what} failed: ${known.message}`;
  return new PublicError(known.code, message, { cause: known.cause ?? thrown, details: { ...known.details, ...done } });
}
