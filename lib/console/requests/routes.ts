import { type Route, route } from "../api/route";
import { noQuery, nothing } from "../kernel/input";
import { LIST, OPEN } from "../scope/scoped";
import { REQUESTS_ANSWERS } from "./answers";
import { readSums, sumsQuery } from "./log-sums";
import { facetsQuery, listRequests, readFacets, requestsQuery } from "./requests";
import { listViews, newView, removeView, saveView } from "./saved-views";

export const REQUESTS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/requests",
    right: "ledger.view",
    scoped: LIST,
    summary: "List calls of all tenants: served, failed, refused and denied",
    input: requestsQuery,
    output: REQUESTS_ANSWERS.listRequests,
    verb: listRequests,
  }),
  route({
    method: "get",
    path: "/requests/facets",
    right: "ledger.view",
    scoped: LIST,
    summary: "Count the request log's values, and its calls over time",
    input: facetsQuery,
    output: REQUESTS_ANSWERS.readFacets,
    verb: readFacets,
  }),
  route({
    method: "get",
    path: "/requests/sums",
    right: "ledger.view",
    scoped: LIST,
    summary: "Sum the request log's calls, tokens and cost by one thing",
    input: sumsQuery,
    output: REQUESTS_ANSWERS.readSums,
    verb: readSums,
  }),
  route({
    method: "get",
    path: "/requests/views",
    right: "ledger.view",
    scoped: OPEN,
    summary: "List your saved views of the request log",
    input: noQuery,
    output: REQUESTS_ANSWERS.listViews,
    verb: listViews,
  }),
  route({
    method: "post",
    path: "/requests/views",
    right: "views.edit",
    scoped: OPEN,
    summary: "Save a view of the request log under a name",
    input: newView,
    status: 201,
    output: REQUESTS_ANSWERS.saveView,
    verb: saveView,
  }),
  route({
    method: "delete",
    path: "/requests/views/{id}",
    right: "views.edit",
    scoped: OPEN,
    summary: "Remove one of your saved views",
    input: nothing,
    output: REQUESTS_ANSWERS.removeView,
    verb: removeView,
  }),
];
