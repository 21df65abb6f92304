import { type Route, route } from "../api/route";
import { noQuery, reasonOnly } from "../kernel/input";
import { FILTERED, OF_PATH } from "../scope/scoped";
import { LIMITS_ANSWERS } from "./answers";
import { effectiveLimits } from "./effective";
import { everyoneInput, getEveryone, putEveryone } from "./everyone";
import { exportLimits, importLimits, limitsImport } from "./limits-file";
import { createOverride, listOverrides, newOverride, overridesQuery, removeOverride } from "./overrides";

export const LIMITS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/tenants/{slug}/limits",
    right: "tiers.view",
    scoped: OF_PATH,
    summary: "Show a tenant's effective limits and the origin of each number",
    input: noQuery,
    output: LIMITS_ANSWERS.effectiveLimits,
    verb: effectiveLimits,
  }),
  route({
    method: "get",
    path: "/everyone",
    right: "tiers.view",
    summary: "Show the limits for all tenants together",
    input: noQuery,
    output: LIMITS_ANSWERS.getEveryone,
    verb: getEveryone,
  }),
  route({
    method: "put",
    path: "/everyone",
    right: "tiers.edit",
    summary: "Replace the limits for everyone; 409 if they changed since you read them",
    input: everyoneInput,
    output: LIMITS_ANSWERS.putEveryone,
    verb: putEveryone,
  }),
  route({
    method: "get",
    path: "/overrides",
    right: "tiers.view",
    scoped: FILTERED,
    summary: "List overrides",
    input: overridesQuery,
    output: LIMITS_ANSWERS.listOverrides,
    verb: listOverrides,
  }),
  route({
    method: "post",
    path: "/overrides",
    right: "tiers.edit",
    summary: "Create an override of one limit, with or without an expiry",
    input: newOverride,
    status: 201,
    output: LIMITS_ANSWERS.createOverride,
    verb: createOverride,
  }),
  route({
    method: "delete",
    path: "/overrides/{id}",
    right: "tiers.edit",
    summary: "Remove an override",
    input: reasonOnly,
    output: LIMITS_ANSWERS.removeOverride,
    verb: removeOverride,
  }),
  route({
    method: "get",
    path: "/limits",
    right: "tiers.view",
    summary: "Export every tier and override as one file",
    input: noQuery,
    output: LIMITS_ANSWERS.exportLimits,
    verb: exportLimits,
  }),
  route({
    method: "put",
    path: "/limits",
    right: "tiers.edit",
    summary: "Import such a file, or preview its changes",
    input: limitsImport,
    output: LIMITS_ANSWERS.importLimits,
    verb: importLimits,
  }),
];
