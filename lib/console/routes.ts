import { z } from "zod";
import { confirmInput } from "./access/sessions";
import { editedStaff, newStaff } from "./access/staff";
import { channelInput, muteInput, ruleInput } from "./alerts/alerts";
import { liftInput, newBrake } from "./brakes/brakes";
import { drillInput } from "./brakes/drill";
import { dryRunInput } from "./brakes/dry-run";
import type { Action } from "./kernel/can";
import { keyLimitsInput } from "./keys/key-limits";
import { because, editedKey, newKey, rotation } from "./keys/keys";
import { everyoneInput } from "./limits/everyone";
import { limitsImport } from "./limits/limits-file";
import { newOverride } from "./limits/overrides";
import { editedBudget, newBudget, raiseInput } from "./money/budgets";
import { priceInput } from "./money/prices";
import { importInput, repairInput } from "./money/reconciliation";
import { modelInput, providerInput } from "./providers/catalog";
import { classInput, permitsInput } from "./tenants/features";
import { newNote } from "./tenants/notes";
import { resetInput } from "./tenants/reset";
import { linkInput } from "./tenants/tenant-link";
import { editedTenant, newTenant } from "./tenants/tenants";
import { replayInput } from "./tiers/replay";
import { scheduleInput } from "./tiers/tier-versions";
import { tierInput } from "./tiers/tiers";

export type Route = {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** behind /api/admin; parameters in braces */
  readonly path: string;
  readonly action: Action;
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly query?: readonly string[];
  /** answered 201 */
  readonly created?: boolean;
};

const empty = z.strictObject({});
const reasonOnly = z.strictObject({ reason: z.string().optional() });

const get = (path: string, action: Action, summary: string, query: readonly string[] = []): Route => ({
  ...{ method: "get", path, action, summary, query },
});
const writing =
  (method: Exclude<Route["method"], "get">, created = false) =>
  (path: string, action: Action, summary: string, body: z.ZodType = empty): Route => ({
    ...{ method, path, action, summary, body, created },
  });
const [make, post, put] = [writing("post", true), writing("post"), writing("put")];
const [patch, remove] = [writing("patch"), writing("delete")];

/** Every route of the admin API. A test holds it against the route files, so that none is missing and none is left over. */
export const ROUTES: readonly Route[] = [
  get("/overview", "overview.view", "What runs, what is refused, who is nearest to a limit"),
  get("/openapi.json", "overview.view", "This description"),
  get("/tenants", "tenants.view", "All tenants"),
  make("/tenants", "tenants.edit", "Make a tenant", newTenant),
  get("/tenants/{slug}", "tenants.view", "One tenant"),
  patch("/tenants/{slug}", "tenants.edit", "Change its name, tier, time zone or status", editedTenant),
  get("/tenants/{slug}/features", "tenants.view", "Its features with their cost classes, and what they hold and use"),
  put("/tenants/{slug}/features/{feature}", "tiers.edit", "The cost class of a feature's calls", classInput),
  put("/tenants/{slug}/classes", "tiers.edit", "As how many requests a call of each cost class counts", permitsInput),
  get("/tenants/{slug}/limits", "tiers.view", "What holds for a tenant, and where each number comes from"),
  post("/tenants/{slug}/reset", "counters.reset", "Let one counter begin anew", resetInput),
  get("/tenants/{slug}/clients", "usage.view", "Its client libraries, and how much they retry"),
  get("/tenants/{slug}/notes", "tenants.view", "What operators want each other to know of it"),
  make("/tenants/{slug}/notes", "notes.edit", "Write a note", newNote),
  remove("/tenants/{slug}/notes/{id}", "notes.edit", "Remove a note", empty),
  get("/users", "tenants.view", "A tenant's end users, with what they used", ["tenant", "limit", "after"]),
  get("/keys", "keys.view", "Keys of a tenant, never the keys themselves", ["tenant", "limit", "after", "format"]),
  make("/keys", "keys.edit", "Make a key; the answer is the one place to read it", newKey),
  patch("/keys/{id}", "keys.edit", "What a key may call, from where, until when", editedKey),
  make("/keys/{id}/rotate", "keys.edit", "A successor that shares every limit", rotation),
  post("/keys/{id}/revoke", "keys.revoke", "Refuse it from the next call on", because),
  post("/keys/{id}/leaked", "keys.revoke", "Refuse it and cut its running calls", because),
  get("/tiers", "tiers.view", "All tiers with their limits"),
  get("/tiers/{slug}", "tiers.view", "One tier"),
  put(
    "/tiers/{slug}",
    "tiers.edit",
    "Publish a tier's limits and ladder; 409 when it has changed since it was read",
    tierInput,
  ),
  get("/tiers/{slug}/observed", "tiers.view", "What the limits that only observe would have refused in a day"),
  get("/tiers/{slug}/versions", "tiers.view", "What was published, what was foretold of it and what came; what waits"),
  make("/tiers/{slug}/schedules", "tiers.edit", "Publish a draft at a time to come", scheduleInput),
  remove("/tiers/{slug}/schedules/{id}", "tiers.edit", "Withdraw a draft that waits", reasonOnly),
  post(
    "/tiers/{slug}/replay",
    "tiers.replay",
    "What other limits would have done to the last hours' calls",
    replayInput,
  ),
  get("/everyone", "tiers.view", "Limits for all tenants together"),
  put(
    "/everyone",
    "tiers.edit",
    "Other limits for everyone; 409 when they have changed since they were read",
    everyoneInput,
  ),
  get("/overrides", "tiers.view", "Other capacities for some tenants or keys", ["tenant"]),
  make("/overrides", "tiers.edit", "Another capacity of one limit, for a while or for good", newOverride),
  remove("/overrides/{id}", "tiers.edit", "Let the tier's own limit hold again", reasonOnly),
  get("/alert-rules", "alerts.view", "What is watched"),
  make("/alert-rules", "alerts.edit", "Watch something", ruleInput),
  put("/alert-rules/{id}", "alerts.edit", "Watch it differently", ruleInput),
  remove("/alert-rules/{id}", "alerts.edit", "Stop watching it", reasonOnly),
  post("/alert-rules/{id}/mute", "alerts.mute", "Send nothing for a while; what happens is kept", muteInput),
  get("/alert-channels", "alerts.view", "Where alerts are sent"),
  make(
    "/alert-channels",
    "alerts.edit",
    "A webhook, Slack, mail or PagerDuty; its secret is told here alone",
    channelInput,
  ),
  remove("/alert-channels/{id}", "alerts.edit", "Remove a channel", reasonOnly),
  make("/alert-channels/{id}/test", "alerts.mute", "Send one message to try it", empty),
  get("/alerts", "alerts.view", "What the rules found, the newest first", ["before", "limit"]),
  get("/alert-deliveries", "alerts.view", "Messages and how their sending went", ["before", "limit"]),
  get("/usage", "usage.view", "Calls, tokens and money by time and by whom; CSV on request", [
    "tenant",
    "from",
    "to",
    "grain",
    "by",
    "total",
    "format",
  ]),
  get("/refusals", "usage.view", "What was refused, by which limit", ["tenant", "since"]),
  get("/instances", "overview.view", "Processes, and which policy each enforces"),
  get("/refusals/calls", "ledger.view", "A tenant's refused calls one by one, as far as they are kept", [
    "tenant",
    "limit",
    "after",
    "find",
  ]),
  get("/explain", "ledger.view", "A call, served or refused, and what would become of it now", ["requestId"]),
  get("/limits", "tiers.view", "Every tier and override as one file"),
  put("/limits", "tiers.edit", "Bring such a file in, or tell what it would change", limitsImport),
  get("/prices", "prices.view", "Prices with the days from which they hold", ["model"]),
  make("/prices", "prices.edit", "A price from now on or from a day to come", priceInput),
  get("/prices/coverage", "prices.view", "Which models lack a sound price"),
  get("/reconciliation", "reconciliation.view", "Our ledger against a provider's export", [
    "provider",
    "from",
    "to",
    "format",
  ]),
  get("/reconciliation/counters", "reconciliation.view", "A tenant's money counters against the ledger", ["tenant"]),
  make("/reconciliation/imports", "reconciliation.edit", "Bring in a provider's usage or cost export", importInput),
  post("/reconciliation/repair", "reconciliation.edit", "Put a counter where the ledger says it is", repairInput),
  make("/tenants/{slug}/link", "tenants.edit", "A link to the tenant's own page", linkInput),
  remove("/tenants/{slug}/link", "tenants.edit", "Void the links to the tenant's own page", empty),
  get("/keys/{id}/limits", "keys.view", "What holds for this key alone"),
  put("/keys/{id}/limits", "keys.edit", "The key's own limits, never above its tenant's", keyLimitsInput),
  get("/keys/{id}/use", "keys.view", "What a key was used for, by hour and address"),
  get("/budgets", "budgets.view", "Budgets with what is spent, left, and when they will be used up", ["tenant"]),
  make("/budgets", "budgets.edit", "Make a budget; what its period has already cost counts", newBudget),
  put(
    "/budgets/{id}",
    "budgets.edit",
    "Another amount or other thresholds; 409 when it has changed since it was read",
    editedBudget,
  ),
  remove("/budgets/{id}", "budgets.edit", "Remove a budget", reasonOnly),
  get("/budgets/{id}/events", "budgets.view", "Thresholds that were passed, in order", ["since"]),
  post("/budgets/{id}/raise", "budgets.raise", "More for a while; it ends by itself", raiseInput),
  get("/brakes", "brakes.view", "Brakes, the newest first"),
  make("/brakes", "brakes.set", "Stop, drain, cut or degrade calls of a scope", newBrake),
  post("/brakes/dry-run", "brakes.view", "Whom a brake would meet, from what runs and ran", dryRunInput),
  remove("/brakes/{id}", "brakes.lift", "Lift a brake, at once or evenly over some time", liftInput),
  make("/brakes/drill", "brakes.set", "Try how soon every process takes a brake up; stops nothing", drillInput),
  get("/settings", "overview.view", "What was chosen at the start"),
  get("/providers", "catalog.view", "How each provider has answered in the last minutes"),
  get("/catalog", "catalog.view", "Providers, models and the prices in force"),
  put("/providers/{slug}", "catalog.edit", "Add or change a provider", providerInput),
  put("/models/{slug}", "catalog.edit", "Add or change a model and its price", modelInput),
  get("/quota", "quota.view", "What a caller has left, as its next call will find it", ["tenant", "user", "key"]),
  get("/ledger", "ledger.view", "Calls that reached a provider", [
    "requestId",
    "tenant",
    "since",
    "limit",
    "after",
    "find",
  ]),
  get("/estimates", "ledger.view", "What was held against what was billed, per feature", ["tenant", "since"]),
  get("/staff", "staff.view", "Operators with their roles and open sessions"),
  make("/staff", "staff.edit", "Make an operator; the first password is told here alone", newStaff),
  patch("/staff/{id}", "staff.edit", "Another role, or out", editedStaff),
  post("/staff/{id}/password", "staff.edit", "A new password, told here alone"),
  remove("/staff/{id}/sessions", "staff.edit", "End every session of an operator"),
  make("/staff/break-glass", "staff.edit", "An admin's account for an hour; by the operator token alone", empty),
  get("/staff/{id}/sessions", "staff.view", "Where an operator is signed in"),
  remove("/staff/{id}/sessions/{session}", "staff.edit", "End one of them", empty),
  get("/sessions", "overview.view", "Where one is signed in oneself"),
  remove("/sessions/{id}", "overview.view", "End one of one's own sessions", empty),
  post("/confirm", "overview.view", "One's password once more, for acts that ask for it", confirmInput),
  get("/audit", "audit.view", "Who changed what", ["before", "action", "target", "limit", "format"]),
  get("/audit/verify", "audit.view", "Whether the audit log is intact"),
];
