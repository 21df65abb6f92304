import { z } from "zod";
import { requiredRole } from "./kernel/can";
import type { AdminAnswer } from "./kernel/door";
import { ROUTES, type Route } from "./routes";

/** GET /api/admin/openapi.json */
export async function readOpenapi(): Promise<AdminAnswer> {
  return { body: openapi() };
}

/** OpenAPI 3.1 of the admin API, made from the schemas that the verbs themselves parse with. */
export function openapi() {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    paths[`/api/admin${route.path}`] = { ...paths[`/api/admin${route.path}`], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
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

function operation({ method, path, action, summary, body, query = [], created }: Route) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const text = { type: "string" };
  return {
    operationId: `${method}${path
      .replace(/\.json$/, "")
      .replace(/[/{}-]+(\w)/g, (_all, letter: string) => letter.toUpperCase())
      .replace(/[{}]/g, "")}`,
    summary,
    description: `Role: ${requiredRole(action)}.`,
    parameters: [
      ...names.map((name) => ({ name, in: "path", required: true, schema: text })),
      ...query.map((name) => ({ name, in: "query", required: false, schema: text })),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: method !== "delete",
            content: { "application/json": { schema: z.toJSONSchema(body, { io: "input" }) } },
          },
        }),
    responses: {
      [created === true ? "201" : "200"]: {
        description: "Done",
        content: { "application/json": { schema: { type: "object" } } },
      },
      default: {
        description: "What is wrong",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}
