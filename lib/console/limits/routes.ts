import { type Route, reasonOnly, route } from "../api/route";
import { effectiveLimits } from "./effective";
import { everyoneInput, getEveryone, putEveryone } from "./everyone";
import { exportLimits, importLimits, limitsImport } from "./limits-file";
import { createOverride, listOverrides, newOverride, removeOverride } from "./overrides";

export const LIMITS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/tenants/{slug}/limits",
    right: "tiers.view",
    summary: "Show a tenant's effective limits with the source of each number",
    verb: effectiveLimits,
  }),
  route({
    method: "get",
    path: "/everyone",
    right: "tiers.view",
    summary: "Show the limits for all tenants together",
    verb: getEveryone,
  }),
  route({
    method: "put",
    path: "/everyone",
    right: "tiers.edit",
    summary: "Replace the limits for everyone; 409 if they changed since you read them",
    input: everyoneInput,
    verb: putEveryone,
  }),
  route({
    method: "get",
    path: "/overrides",
    right: "tiers.view",
    summary: "List overrides",
    query: ["tenant"],
    verb: listOverrides,
  }),
  route({
    method: "post",
    path: "/overrides",
    right: "tiers.edit",
    summary: "Create an override of one limit, with or without an expiry",
    input: newOverride,
    status: 201,
    verb: createOverride,
  }),
  route({
    method: "delete",
    path: "/overrides/{id}",
    right: "tiers.edit",
    summary: "Remove an override",
    input: reasonOnly,
    verb: removeOverride,
  }),
  route({
    method: "get",
    path: "/limits",
    right: "tiers.view",
    summary: "Export every tier and override as one file",
    verb: exportLimits,
  }),
  route({
    method: "put",
    path: "/limits",
    right: "tiers.edit",
    summary: "Import such a file, or preview its changes",
    input: limitsImport,
    verb: importLimits,
  }),
];
