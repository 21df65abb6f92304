import { nothing, type Route, route } from "../api/route";
import { listClients } from "./clients";
import { classInput, listFeatures, permitsInput, putClasses, putFeature, readEstimates } from "./features";
import { listNotes, newNote, removeNote, writeNote } from "./notes";
import { readQuota } from "./quota";
import { resetCounter, resetInput } from "./reset";
import { createLink, linkInput, revokeLinks } from "./tenant-link";
import { createTenant, editedTenant, editTenant, getTenant, listTenants, newTenant } from "./tenants";

export const TENANTS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/tenants",
    right: "tenants.view",
    summary: "List tenants",
    verb: listTenants,
  }),
  route({
    method: "post",
    path: "/tenants",
    right: "tenants.edit",
    summary: "Create a tenant",
    input: newTenant,
    status: 201,
    verb: createTenant,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}",
    right: "tenants.view",
    summary: "Show a tenant",
    verb: getTenant,
  }),
  route({
    method: "patch",
    path: "/tenants/{slug}",
    right: "tenants.edit",
    summary: "Change a tenant's name, tier, time zone or status",
    input: editedTenant,
    verb: editTenant,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}/features",
    right: "tenants.view",
    summary: "List a tenant's features with cost classes, reservations and usage",
    verb: listFeatures,
  }),
  route({
    method: "put",
    path: "/tenants/{slug}/features/{feature}",
    right: "tiers.edit",
    summary: "Set the cost class of a feature",
    input: classInput,
    verb: putFeature,
  }),
  route({
    method: "put",
    path: "/tenants/{slug}/classes",
    right: "tiers.edit",
    summary: "Set how many requests a call of each cost class counts",
    input: permitsInput,
    verb: putClasses,
  }),
  route({
    method: "post",
    path: "/tenants/{slug}/reset",
    right: "counters.reset",
    summary: "Reset one counter",
    input: resetInput,
    verb: resetCounter,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}/clients",
    right: "usage.view",
    summary: "List a tenant's client libraries with their retry rates",
    verb: listClients,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}/notes",
    right: "tenants.view",
    summary: "List operators' notes on a tenant",
    verb: listNotes,
  }),
  route({
    method: "post",
    path: "/tenants/{slug}/notes",
    right: "notes.edit",
    summary: "Add a note to a tenant",
    input: newNote,
    status: 201,
    verb: writeNote,
  }),
  route({
    method: "delete",
    path: "/tenants/{slug}/notes/{id}",
    right: "notes.edit",
    summary: "Remove a note",
    input: nothing,
    verb: removeNote,
  }),
  route({
    method: "post",
    path: "/tenants/{slug}/link",
    right: "tenants.edit",
    summary: "Create a signed link to the tenant's own page",
    input: linkInput,
    status: 201,
    verb: createLink,
  }),
  route({
    method: "delete",
    path: "/tenants/{slug}/link",
    right: "tenants.edit",
    summary: "Revoke all links to the tenant's own page",
    input: nothing,
    verb: revokeLinks,
  }),
  route({
    method: "get",
    path: "/quota",
    right: "quota.view",
    summary: "Show a caller's quota, as its next call will see it",
    query: ["tenant", "user", "key"],
    verb: readQuota,
  }),
  route({
    method: "get",
    path: "/estimates",
    right: "ledger.view",
    summary: "Compare reservations with bills, per feature",
    query: ["tenant", "since"],
    verb: readEstimates,
  }),
];
