import { type Route, route } from "../api/route";
import { noQuery } from "../kernel/input";
import { FILTERED } from "../scope/scoped";
import { OVERVIEW_ANSWERS } from "./answers";
import { hourBefore } from "./hour-before";
import { streamLive } from "./live/live-door";
import { movers } from "./movers/movers";
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
    path: "/overview/movers",
    right: "overview.view",
    summary: "Compare the last hour with the same hour of the day before, by tenant",
    input: noQuery,
    output: OVERVIEW_ANSWERS.movers,
    verb: movers,
  }),
  route({
    method: "get",
    path: "/overview/before",
    right: "overview.view",
    summary: "Count the calls per minute in the same hour of the day before",
    input: noQuery,
    output: OVERVIEW_ANSWERS.hourBefore,
    verb: hourBefore,
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
    scoped: FILTERED,
    summary: "Show the server's settings",
    input: noQuery,
    output: OVERVIEW_ANSWERS.readSettings,
    verb: readSettings,
  }),
];
