import { type Route, route } from "../api/route";
import { REQUESTS_ANSWERS } from "./answers";
import { facetsQuery, listRequests, readFacets, requestsQuery } from "./requests";

export const REQUESTS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/requests",
    right: "ledger.view",
    summary: "List calls of all tenants: served, failed, refused and denied",
    input: requestsQuery,
    output: REQUESTS_ANSWERS.listRequests,
    verb: listRequests,
  }),
  route({
    method: "get",
    path: "/requests/facets",
    right: "ledger.view",
    summary: "Count the request log's values, and its calls over time",
    input: facetsQuery,
    output: REQUESTS_ANSWERS.readFacets,
    verb: readFacets,
  }),
];
