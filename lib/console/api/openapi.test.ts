import { expect, test } from "vitest";
import { z } from "zod";
import { KEYS_ANSWERS } from "../keys/answers";
import { openapi } from "./openapi";
import { ADMIN_ROUTES } from "./table";

test("every operation has a name of its own, and every body a schema with its fields", () => {
  const document = openapi(ADMIN_ROUTES);
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const names = operations.map((operation) => Reflect.get(operation, "operationId"));
  expect(new Set(names).size).toBe(ADMIN_ROUTES.length);
  const text = JSON.stringify(document);
  for (const field of ["expiresInSeconds", "overlapSeconds", "costClass", "burstCredit", "credentialEnv", "ipAllow"]) {
    expect(text).toContain(`"${field}"`);
  }
});

test("every answer has a schema with its members; one that lacks one, or has one more, does not hold", () => {
  const bare = ADMIN_ROUTES.filter(({ output, path }) => {
    if (output === null) return path !== "/live";
    const { properties } = z.toJSONSchema(output);
    return properties === undefined || Object.keys(properties).length === 0;
  });
  expect(bare.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  const { paths } = openapi(ADMIN_ROUTES);
  const schema = z.toJSONSchema(KEYS_ANSWERS.listKeys);
  expect(paths["/api/admin/keys"]?.get).toMatchObject({
    responses: { "200": { content: { "application/json": { schema } } } },
  });
  const told = z.fromJSONSchema(schema);
  expect(told.safeParse({ keys: [], next: null }).success).toBe(true);
  expect(told.safeParse({ keys: [] }).success).toBe(false);
  expect(told.safeParse({ keys: [], next: null, secret: "more" }).success).toBe(false);
});
