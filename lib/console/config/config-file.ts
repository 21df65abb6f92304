import { z } from "zod";
import { COST_CLASSES, classPermits } from "@/lib/policy/cost-class";
import { ladderRow } from "@/lib/policy/rows/ladder-row";
import { limitRow } from "@/lib/policy/rows/limit-row";
import { editedStaff, newStaff } from "../access/staff";
import { ruleInput } from "../alerts/alerts";
import { moment } from "../kernel/input";
import { USUAL_DAYS_MAX } from "../keys/key-lifetime";
import { newBudget } from "../money/budgets";
import { priceFields } from "../money/price-input";
import { modelInput, providerInput } from "../providers/catalog";
import { CREDENTIALS_MAX, credentialInput } from "../providers/credentials";
import { newTenant } from "../tenants/tenants";
import { keyDaysMax } from "../tiers/tiers";

const slug = newTenant.shape.slug;
const catalogSlug = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, "letters, digits and . _ : / -, at most 128");
const name = z.string().trim().min(1).max(100);

/** Credentials are named (`credentialEnv`) or stored by hand. A file never contains one. */
export const providerFile = providerInput.omit({ credential: true }).extend({
  credentials: z
    .array(credentialInput.omit({ credential: true }))
    .max(CREDENTIALS_MAX)
    .optional()
    .meta({
      description:
        "Further credentials by name. A credential without a variable keeps its stored secret. Absent: unchanged",
    }),
});

export const modelFile = modelInput.omit({ price: true }).extend({
  price: z.strictObject(priceFields).optional().meta({
    description: "In force until the first of laterPrices starts. Absent: unchanged; a new model gets the list price",
  }),
  laterPrices: z
    .array(z.strictObject({ validFrom: moment, ...priceFields }))
    .max(20)
    .optional()
    .meta({ description: "Later prices with their start time, earliest first" }),
});

const tierFile = z.strictObject({
  name: name.meta({ description: "Set when the tier is created" }),
  ladder: ladderRow.prefault({}),
  keyDaysMax: keyDaysMax.default(USUAL_DAYS_MAX).meta({
    description: "Longest lifetime of a key in days; null = no limit",
  }),
  limits: z.array(limitRow).max(64),
});

const tenantFile = newTenant.omit({ slug: true }).extend({
  status: z.enum(["active", "suspended"]).optional().meta({ description: "Absent: as it is" }),
  features: z
    .record(z.string().min(1).max(128), z.enum(COST_CLASSES))
    .optional()
    .meta({ description: "Cost class of each feature. Absent: unchanged" }),
  classes: classPermits
    .optional()
    .meta({ description: "Number of requests that a call of each class counts as. Absent: unchanged" }),
});

const { slug: _slug, ...budgetFields } = newBudget.shape;
const budgetFile = z.strictObject(budgetFields).superRefine((budget, context) => {
  // Cross-field rules stand at the verb's own schema.
  for (const { path, message } of newBudget.safeParse({ slug: "any", ...budget }).error?.issues ?? [])
    context.addIssue({ code: "custom", path, message });
});

const alertRuleFile = ruleInput.omit({ name: true }).extend({
  channels: z
    .array(name)
    .max(20)
    .default([])
    .meta({ description: "Names of channels. Channels hold secrets, so create them in the console" }),
});

const operatorFile = newStaff.omit({ email: true, tenants: true }).extend({
  name: name.meta({ description: "Set when the operator is created" }),
  disabled: z.boolean().default(false),
  tenants: editedStaff.shape.tenants.meta({
    description:
      "Slugs of the tenants that the operator sees and acts on. null: all. Absent: unchanged; all for a new operator",
  }),
});

/**
 * A section whose names are stored in another form than they may be written in. Two entries with one stored name are
 * refused; otherwise one of them would be lost without a word.
 */
function section<Entry extends z.ZodType>(
  key: z.ZodType<string, string>,
  entry: Entry,
  storedName: (written: string) => string,
) {
  return z.record(key, entry).check((payload) => {
    const stored = new Map<string, z.output<Entry>>();
    for (const [written, one] of Object.entries(payload.value)) {
      const known = storedName(written);
      if (stored.has(known))
        payload.issues.push({
          code: "custom",
          input: written,
          path: [written],
          message: `"${known}" is in this section twice`,
        });
      stored.set(known, one);
    }
    payload.value = Object.fromEntries(stored);
  });
}

/** A configuration as a file. A section that is absent is not managed by the file. */
export const configFile = z.strictObject({
  $schema: z.string().optional(),
  spillway: z.literal("config/1"),
  everyone: z.array(limitRow).max(64).optional(),
  providers: z.record(catalogSlug, providerFile).optional(),
  models: z.record(catalogSlug, modelFile).optional(),
  tiers: z.record(slug, tierFile).optional(),
  tenants: z.record(slug, tenantFile).optional(),
  budgets: z.record(slug, budgetFile).optional(),
  alertRules: section(z.string().regex(/\S/, "not empty").max(100), alertRuleFile, (text) => text.trim()).optional(),
  staff: section(z.email().max(255), operatorFile, (text) => text.toLowerCase()).optional(),
});
export type ConfigFile = z.infer<typeof configFile>;

/** The JSON schema of such files, for editors. */
export function configFileSchema() {
  return { title: "Spillway configuration", ...z.toJSONSchema(configFile, { io: "input" }) };
}
