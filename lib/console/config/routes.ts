import { type Route, route } from "../api/route";
import { noQuery } from "../kernel/input";
import { FILTERED, OPEN } from "../scope/scoped";
import { CONFIG_ANSWERS } from "./answers";
import {
  applyConfig,
  applyInput,
  exportConfig,
  listManaged,
  planConfig,
  planInput,
  readConfigSchema,
  readDrift,
} from "./config";

export const CONFIG_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/config",
    right: "config.view",
    summary: "Export the configuration as one file",
    input: noQuery,
    output: CONFIG_ANSWERS.exportConfig,
    verb: exportConfig,
  }),
  route({
    method: "put",
    path: "/config",
    right: "config.apply",
    summary: "Apply a configuration file; 409 if anything changed since the plan",
    input: applyInput,
    output: CONFIG_ANSWERS.applyConfig,
    verb: applyConfig,
  }),
  route({
    method: "post",
    path: "/config/plan",
    right: "config.view",
    summary: "Show what applying a configuration file would change",
    input: planInput,
    output: CONFIG_ANSWERS.planConfig,
    verb: planConfig,
  }),
  route({
    method: "get",
    path: "/config/drift",
    right: "config.view",
    summary: "List objects that were edited after their file was applied",
    input: noQuery,
    output: CONFIG_ANSWERS.readDrift,
    verb: readDrift,
  }),
  route({
    method: "get",
    path: "/config/managed",
    right: "overview.view",
    scoped: FILTERED,
    summary: "List objects that are managed from a file",
    input: noQuery,
    output: CONFIG_ANSWERS.listManaged,
    verb: listManaged,
  }),
  route({
    method: "get",
    path: "/config/schema.json",
    right: "overview.view",
    scoped: OPEN,
    summary: "Return the JSON schema of configuration files",
    input: noQuery,
    output: CONFIG_ANSWERS.readConfigSchema,
    verb: readConfigSchema,
  }),
];
