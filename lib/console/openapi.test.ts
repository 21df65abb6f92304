import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openapi } from "./openapi";
import { ROUTES } from "./routes";

const root = path.join(process.cwd(), "app", "api", "admin");

/** What the route files export, as "get /tiers/{slug} tiers.view". */
function served(folder = root): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return served(file);
    if (entry.name !== "route.ts") return [];
    const url = `/${path.relative(root, folder)}`.replaceAll("[...", "{").replaceAll("[", "{").replaceAll("]", "}");
    return [...fs.readFileSync(file, "utf8").matchAll(/export const (\w+) = adminDoor\("([\w.]+)"/g)].map(
      ([, method = "", action = ""]) => `${method.toLowerCase()} ${url} ${action}`,
    );
  });
}

test("every route of the admin API is described, with the action it asks for, and nothing else is", () => {
  expect(ROUTES.map(({ method, path: url, action }) => `${method} ${url} ${action}`).sort()).toEqual(served().sort());
});

test("every operation has a name of its own, and every body a schema with its fields", () => {
  const operations = Object.values(openapi().paths).flatMap((methods) => Object.values(methods));
  const names = operations.map((operation) => Reflect.get(operation, "operationId"));
  expect(new Set(names).size).toBe(ROUTES.length);
  const text = JSON.stringify(openapi());
  for (const field of ["expiresInSeconds", "overlapSeconds", "costClass", "burstCredit", "credentialEnv", "ipAllow"]) {
    expect(text).toContain(`"${field}"`);
  }
});
