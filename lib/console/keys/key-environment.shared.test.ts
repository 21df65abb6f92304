import { expect, test } from "vitest";
import { keyPrefix, sparseEnvironments } from "./key-environment.shared";

const key = (environment: string, family: string, status = "active") => ({ environment, family, status });

test("an environment that calls with fewer than two keys is named; one without any key is not", () => {
  expect(sparseEnvironments([])).toEqual([]);
  expect(
    sparseEnvironments([
      key("production", "a"),
      key("production", "b"),
      key("staging", "c"),
      key("development", "d", "revoked"),
      key("development", "e", "expired"),
    ]),
  ).toEqual([
    { environment: "staging", usable: 1 },
    { environment: "development", usable: 0 },
  ]);
});

test("a key and its successor are one: they end together", () => {
  expect(sparseEnvironments([key("production", "a"), key("production", "a")])).toEqual([
    { environment: "production", usable: 1 },
  ]);
});

test("only keys of production say that they are live", () => {
  expect(["production", "staging", "development"].map(keyPrefix)).toEqual(["live", "test", "test"]);
});
