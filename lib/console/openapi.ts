import { z } from "zod";
import { channelInput, muteInput, ruleInput } from "./alerts";
import { newBrake } from "./brakes";
import { editedBudget, newBudget, raiseInput } from "./budgets";
import { type Action, requiredRole } from "./can";
import { modelInput, providerInput } from "./catalog";
import type { AdminAnswer } from "./door";
import { classInput } from "./features";
import { because, editedKey, newKey, rotation } from "./keys";
import { newOverride } from "./overrides";
import { editedTenant, newTenant } from "./tenants";
import { tierInput } from "./tiers";

type Route = {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** behind /api/admin; parameters in braces */
  readonly path: string;
  readonly action: Action;
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly query?: readonly string[];
  readonly created?: true;
};

const empty = z.strictObject({});
const reasonOnly = z.strictObject({ reason: z.string().optional() });

/** Every route of the admin API. A test holds it against the route files, so that none is missing and none is left over. */
export const ROUTES: readonly Route[] = [
  {
    method: "get",
    path: "/overview",
    action: "overview.view",
    summary: "What runs, what is refused, who is nearest to a limit",
  },
  { method: "get", path: "/openapi.json", action: "overview.view", summary: "This description" },
  { method: "get", path: "/tenants", action: "tenants.view", summary: "All tenants" },
  {
    method: "post",
    path: "/tenants",
    action: "tenants.edit",
    summary: "Make a tenant",
    body: newTenant,
    created: true,
  },
  { method: "get", path: "/tenants/{slug}", action: "tenants.view", summary: "One tenant" },
  {
    method: "patch",
    path: "/tenants/{slug}",
    action: "tenants.edit",
    summary: "Change its name, tier, time zone or status",
    body: editedTenant,
  },
  {
    method: "put",
    path: "/tenants/{slug}/features/{feature}",
    action: "tiers.edit",
    summary: "What calls of a feature hold for their output",
    body: classInput,
  },
  {
    method: "get",
    path: "/keys",
    action: "keys.view",
    summary: "Keys of a tenant, never the keys themselves",
    query: ["tenant"],
  },
  {
    method: "post",
    path: "/keys",
    action: "keys.edit",
    summary: "Make a key; the answer is the one place to read it",
    body: newKey,
    created: true,
  },
  {
    method: "patch",
    path: "/keys/{id}",
    action: "keys.edit",
    summary: "What a key may call, from where, until when",
    body: editedKey,
  },
  {
    method: "post",
    path: "/keys/{id}/rotate",
    action: "keys.edit",
    summary: "A successor that shares every limit",
    body: rotation,
    created: true,
  },
  {
    method: "post",
    path: "/keys/{id}/revoke",
    action: "keys.revoke",
    summary: "Refuse it from the next call on",
    body: because,
  },
  {
    method: "post",
    path: "/keys/{id}/leaked",
    action: "keys.revoke",
    summary: "Refuse it and cut its running calls",
    body: because,
  },
  { method: "get", path: "/tiers", action: "tiers.view", summary: "All tiers with their limits" },
  { method: "get", path: "/tiers/{slug}", action: "tiers.view", summary: "One tier" },
  {
    method: "put",
    path: "/tiers/{slug}",
    action: "tiers.edit",
    summary: "Publish a tier's limits and ladder; 409 when it has changed since it was read",
    body: tierInput,
  },
  {
    method: "get",
    path: "/overrides",
    action: "tiers.view",
    summary: "Other capacities for some tenants or keys",
    query: ["tenant"],
  },
  {
    method: "post",
    path: "/overrides",
    action: "tiers.edit",
    summary: "Another capacity of one limit, for a while or for good",
    body: newOverride,
    created: true,
  },
  {
    method: "delete",
    path: "/overrides/{id}",
    action: "tiers.edit",
    summary: "Let the tier's own limit hold again",
    body: reasonOnly,
  },
  {
    method: "get",
    path: "/alert-rules",
    action: "alerts.view",
    summary: "What is watched",
  },
  {
    method: "post",
    path: "/alert-rules",
    action: "alerts.edit",
    summary: "Watch something",
    body: ruleInput,
    created: true,
  },
  {
    method: "put",
    path: "/alert-rules/{id}",
    action: "alerts.edit",
    summary: "Watch it differently",
    body: ruleInput,
  },
  {
    method: "delete",
    path: "/alert-rules/{id}",
    action: "alerts.edit",
    summary: "Stop watching it",
    body: reasonOnly,
  },
  {
    method: "post",
    path: "/alert-rules/{id}/mute",
    action: "alerts.mute",
    summary: "Send nothing for a while; what happens is kept",
    body: muteInput,
  },
  {
    method: "get",
    path: "/alert-channels",
    action: "alerts.view",
    summary: "Where alerts are sent",
  },
  {
    method: "post",
    path: "/alert-channels",
    action: "alerts.edit",
    summary: "A webhook, Slack, mail or PagerDuty; its secret is told here alone",
    body: channelInput,
    created: true,
  },
  {
    method: "delete",
    path: "/alert-channels/{id}",
    action: "alerts.edit",
    summary: "Remove a channel",
    body: reasonOnly,
  },
  {
    method: "post",
    path: "/alert-channels/{id}/test",
    action: "alerts.mute",
    summary: "Send one message to try it",
    body: empty,
    created: true,
  },
  {
    method: "get",
    path: "/alerts",
    action: "alerts.view",
    summary: "What the rules found, the newest first",
    query: ["before", "limit"],
  },
  {
    method: "get",
    path: "/alert-deliveries",
    action: "alerts.view",
    summary: "Messages and how their sending went",
    query: ["before", "limit"],
  },
  {
    method: "get",
    path: "/budgets",
    action: "budgets.view",
    summary: "Budgets with what is spent, left, and when they will be used up",
    query: ["tenant"],
  },
  {
    method: "post",
    path: "/budgets",
    action: "budgets.edit",
    summary: "Make a budget; what its period has already cost counts",
    body: newBudget,
    created: true,
  },
  {
    method: "put",
    path: "/budgets/{id}",
    action: "budgets.edit",
    summary: "Another amount or other thresholds; 409 when it has changed since it was read",
    body: editedBudget,
  },
  {
    method: "delete",
    path: "/budgets/{id}",
    action: "budgets.edit",
    summary: "Remove a budget",
    body: reasonOnly,
  },
  {
    method: "get",
    path: "/budgets/{id}/events",
    action: "budgets.view",
    summary: "Thresholds that were passed, in order",
    query: ["since"],
  },
  {
    method: "post",
    path: "/budgets/{id}/raise",
    action: "budgets.raise",
    summary: "More for a while; it ends by itself",
    body: raiseInput,
  },
  { method: "get", path: "/brakes", action: "brakes.view", summary: "Brakes, the newest first" },
  {
    method: "post",
    path: "/brakes",
    action: "brakes.set",
    summary: "Stop, drain, cut or degrade calls of a scope",
    body: newBrake,
    created: true,
  },
  { method: "delete", path: "/brakes/{id}", action: "brakes.lift", summary: "Lift a brake", body: reasonOnly },
  { method: "get", path: "/catalog", action: "catalog.view", summary: "Providers, models and the prices in force" },
  {
    method: "put",
    path: "/providers/{slug}",
    action: "catalog.edit",
    summary: "Add or change a provider",
    body: providerInput,
  },
  {
    method: "put",
    path: "/models/{slug}",
    action: "catalog.edit",
    summary: "Add or change a model and its price",
    body: modelInput,
  },
  {
    method: "get",
    path: "/quota",
    action: "quota.view",
    summary: "What a caller has left, as its next call will find it",
    query: ["tenant", "user", "key"],
  },
  {
    method: "get",
    path: "/ledger",
    action: "ledger.view",
    summary: "Calls that reached a provider",
    query: ["requestId", "tenant", "since", "limit"],
  },
  {
    method: "get",
    path: "/estimates",
    action: "ledger.view",
    summary: "What was held against what was billed, per feature",
    query: ["tenant", "since"],
  },
  {
    method: "get",
    path: "/audit",
    action: "audit.view",
    summary: "Who changed what",
    query: ["before", "action", "target", "limit"],
  },
  { method: "get", path: "/audit/verify", action: "audit.view", summary: "Whether the audit log is intact" },
];

/** GET /api/admin/openapi.json */
export async function readOpenapi(): Promise<AdminAnswer> {
  return { body: openapi() };
}

/** OpenAPI 3.1 of the admin API, made from the schemas that the verbs themselves parse with. */
export function openapi() {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    paths[`/api/admin${route.path}`] = { ...paths[`/api/admin${route.path}`], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Spillway admin API", version: "1" },
    security: [{ operatorToken: [] }],
    paths,
    components: {
      securitySchemes: { operatorToken: { type: "http", scheme: "bearer" } },
      schemas: {
        Problem: {
          type: "object",
          required: ["title", "status", "detail"],
          properties: {
            title: { type: "string", description: "error code" },
            status: { type: "integer" },
            detail: { type: "string" },
            param: { type: "string", description: "the offending field" },
          },
        },
      },
    },
  };
}

function operation({ method, path, action, summary, body, query = [], created }: Route) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const text = { type: "string" };
  return {
    operationId: `${method}${path
      .replace(/\.json$/, "")
      .replace(/[/{}]+(\w)/g, (_all, letter: string) => letter.toUpperCase())
      .replace(/[{}]/g, "")}`,
    summary,
    description: `Role: ${requiredRole(action)}.`,
    parameters: [
      ...names.map((name) => ({ name, in: "path", required: true, schema: text })),
      ...query.map((name) => ({ name, in: "query", required: false, schema: text })),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: method !== "delete",
            content: { "application/json": { schema: z.toJSONSchema(body, { io: "input" }) } },
          },
        }),
    responses: {
      [created === true ? "201" : "200"]: {
        description: "Done",
        content: { "application/json": { schema: { type: "object" } } },
      },
      default: {
        description: "What is wrong",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}
