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
    summary: "All tenants",
    verb: listTenants,
  }),
  route({
    method: "post",
    path: "/tenants",
    right: "tenants.edit",
    summary: "Make a tenant",
    input: newTenant,
    status: 201,
    verb: createTenant,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}",
    right: "tenants.view",
    summary: "One tenant",
    verb: getTenant,
  }),
  route({
    method: "patch",
    path: "/tenants/{slug}",
    right: "tenants.edit",
    summary: "Change its name, tier, time zone or status",
    input: editedTenant,
    verb: editTenant,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}/features",
    right: "tenants.view",
    summary: "Its features with their cost classes, and what they hold and use",
    verb: listFeatures,
  }),
  route({
    method: "put",
    path: "/tenants/{slug}/features/{feature}",
    right: "tiers.edit",
    summary: "The cost class of a feature's calls",
    input: classInput,
    verb: putFeature,
  }),
  route({
    method: "put",
    path: "/tenants/{slug}/classes",
    right: "tiers.edit",
    summary: "As how many requests a call of each cost class counts",
    input: permitsInput,
    verb: putClasses,
  }),
  route({
    method: "post",
    path: "/tenants/{slug}/reset",
    right: "counters.reset",
    summary: "Let one counter begin anew",
    input: resetInput,
    verb: resetCounter,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}/clients",
    right: "usage.view",
    summary: "Its client libraries, and how much they retry",
    verb: listClients,
  }),
  route({
    method: "get",
    path: "/tenants/{slug}/notes",
    right: "tenants.view",
    summary: "What operators want each other to know of it",
    verb: listNotes,
  }),
  route({
    method: "post",
    path: "/tenants/{slug}/notes",
    right: "notes.edit",
    summary: "Write a note",
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
    summary: "A link to the tenant's own page",
    input: linkInput,
    status: 201,
    verb: createLink,
  }),
  route({
    method: "delete",
    path: "/tenants/{slug}/link",
    right: "tenants.edit",
    summary: "Void the links to the tenant's own page",
    input: nothing,
    verb: revokeLinks,
  }),
  route({
    method: "get",
    path: "/quota",
    right: "quota.view",
    summary: "What a caller has left, as its next call will find it",
    query: ["tenant", "user", "key"],
    verb: readQuota,
  }),
  route({
    method: "get",
    path: "/estimates",
    right: "ledger.view",
    summary: "What was held against what was billed, per feature",
    query: ["tenant", "since"],
    verb: readEstimates,
  }),
];
