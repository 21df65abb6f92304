import { z } from "zod";
import { requiredRole } from "../kernel/can.shared";
import type { Route } from "./route";

/** OpenAPI 3.1 of the admin API, generated from the schemas that the verbs use for parsing. */
export function openapi(routes: readonly Route[]) {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = `/api/admin${route.path.replace("{+", "{")}`;
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0" as const,
    info: { title: "Spillway admin API", version: "1" },
    security: [{ operatorToken: [] }],
    paths,
    components: {
      securitySchemes: { operatorToken: { type: "http", scheme: "bearer" } },
      schemas: {
        Problem: {
          type: "object",
          required: ["title", "status", "detail"],
          properties: {
            title: { type: "string", description: "error code" },
            status: { type: "integer" },
            detail: { type: "string" },
            param: { type: "string", description: "the offending field" },
          },
        },
      },
    },
  };
}

function operation({ method, path, right, summary, input, output, status }: Route) {
  const names = [...path.matchAll(/\{\+?(\w+)\}/g)].map((match) => match[1] ?? "");
  const text = { type: "string" };
  const isRead = method === "get";
  const taken = z.toJSONSchema(input, { io: "input" });
  return {
    operationId: `${method}${path
      .replace(/\.json$/, "")
      .replace(/[/{}+-]+(\w)/g, (_all, letter: string) => letter.toUpperCase())
      .replace(/[{}]/g, "")}`,
    summary,
    description: `Role: ${requiredRole(right)}.`,
    parameters: [
      ...names.map((name) => ({ name, in: "path", required: true, schema: text })),
      ...(isRead ? queryOf(taken) : []),
    ],
    ...(isRead
      ? {}
      : { requestBody: { required: method !== "delete", content: { "application/json": { schema: taken } } } }),
    responses: {
      [String(status)]: {
        description: "Done",
        content:
          output === null
            ? { "text/event-stream": { schema: text } }
            : { "application/json": { schema: z.toJSONSchema(output) } },
      },
      default: {
        description: "What is wrong",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

/** The members of a query's schema as parameters. */
function queryOf({ properties = {}, required = [] }: z.core.JSONSchema.BaseSchema) {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}
