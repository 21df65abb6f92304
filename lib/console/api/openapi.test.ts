import { expect, test } from "vitest";
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
