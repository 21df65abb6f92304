import { type Route, route } from "../api/route";
import { noQuery } from "../kernel/input";
import { OVERVIEW_ANSWERS } from "./answers";
import { streamLive } from "./live/live-door";
import { overview } from "./overview";
import { readSettings } from "./settings";

export const OVERVIEW_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/overview",
    right: "overview.view",
    summary: "Show running calls, refusals, and the tenants nearest to a limit",
    input: noQuery,
    output: OVERVIEW_ANSWERS.overview,
    verb: overview,
  }),
  route({
    method: "get",
    path: "/live",
    right: "overview.view",
    summary: "Stream the overview's figures as server-sent events",
    input: noQuery,
    output: OVERVIEW_ANSWERS.streamLive,
    verb: streamLive,
  }),
  route({
    method: "get",
    path: "/settings",
    right: "overview.view",
    summary: "Show the server's settings",
    input: noQuery,
    output: OVERVIEW_ANSWERS.readSettings,
    verb: readSettings,
  }),
];
