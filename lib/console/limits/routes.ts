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
    summary: "What holds for a tenant, and where each number comes from",
    verb: effectiveLimits,
  }),
  route({
    method: "get",
    path: "/everyone",
    right: "tiers.view",
    summary: "Limits for all tenants together",
    verb: getEveryone,
  }),
  route({
    method: "put",
    path: "/everyone",
    right: "tiers.edit",
    summary: "Other limits for everyone; 409 when they have changed since they were read",
    input: everyoneInput,
    verb: putEveryone,
  }),
  route({
    method: "get",
    path: "/overrides",
    right: "tiers.view",
    summary: "Other capacities for some tenants or keys",
    query: ["tenant"],
    verb: listOverrides,
  }),
  route({
    method: "post",
    path: "/overrides",
    right: "tiers.edit",
    summary: "Another capacity of one limit, for a while or for good",
    input: newOverride,
    status: 201,
    verb: createOverride,
  }),
  route({
    method: "delete",
    path: "/overrides/{id}",
    right: "tiers.edit",
    summary: "Let the tier's own limit hold again",
    input: reasonOnly,
    verb: removeOverride,
  }),
  route({
    method: "get",
    path: "/limits",
    right: "tiers.view",
    summary: "Every tier and override as one file",
    verb: exportLimits,
  }),
  route({
    method: "put",
    path: "/limits",
    right: "tiers.edit",
    summary: "Bring such a file in, or tell what it would change",
    input: limitsImport,
    verb: importLimits,
  }),
];
