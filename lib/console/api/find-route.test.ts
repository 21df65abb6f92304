import { expect, test } from "vitest";
import { findRoutes } from "./find-route";
import { ADMIN_ROUTES } from "./table";

const at = (path: string) => {
  const { routes, params } = findRoutes(ADMIN_ROUTES, path);
  return { routes: routes.map(({ method, path: pattern }) => `${method} ${pattern}`), params };
};

test("a path finds its methods and its parameters", () => {
  expect(at("/tenants/acme/notes/7")).toEqual({
    routes: ["delete /tenants/{slug}/notes/{id}"],
    params: { slug: "acme", id: "7" },
  });
  expect(at("/brakes").routes).toEqual(["get /brakes", "post /brakes"]);
});

test("a parameter is decoded once, and a slash in it stays in it", () => {
  expect(at("/tenants/acme/features/a%2Fb%2525").params).toEqual({ slug: "acme", feature: "a/b%25" });
});

test("the slug of a model may have slashes", () => {
  expect(at("/models/meta/llama-3").params).toEqual({ slug: "meta/llama-3" });
  expect(at("/models/meta%2Fllama-3").params).toEqual({ slug: "meta/llama-3" });
});

test("a path of the table wins over a parameter", () => {
  expect(at("/staff/break-glass")).toEqual({ routes: ["post /staff/break-glass"], params: {} });
  expect(at("/staff/7").routes).toEqual(["patch /staff/{id}"]);
});

test.each(["/", "", "/nothing", "/tenants/a/b/c/d", "/tenants/%E0%A4%A", "/TENANTS"])(
  "there is nothing at %s",
  (path) => {
    expect(at(path).routes).toEqual([]);
  },
);

test("no two routes share a method and a shape of path", () => {
  const shapes = ADMIN_ROUTES.map(({ method, path }) => `${method} ${path.replace(/\{[^}]+\}/g, "{}")}`);
  expect(new Set(shapes).size).toBe(shapes.length);
});
