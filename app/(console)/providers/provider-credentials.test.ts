import { expect, test } from "vitest";
import { FURTHER_MAX, furtherBody, furtherOf, withOneMore, withRow } from "./provider-credentials";

const sealed = { name: "eu", weight: 3, credentialEnv: null, credentialLast4: "x9Zq", takenOutReason: null };
const named = { name: "us", weight: 1, credentialEnv: "ACME_US", credentialLast4: null, takenOutReason: null };

test("an edit sends a stored secret not again, and a variable by its name", () => {
  expect(furtherBody(furtherOf({ credentials: [sealed, named] }))).toEqual([
    { name: "eu", weight: 3, credentialEnv: null },
    { name: "us", weight: 1, credentialEnv: "ACME_US" },
  ]);
});

test("a secret that is typed is sent once, without the blanks around it; a variable in its place leaves it out", () => {
  const [one] = withRow(furtherOf({ credentials: [sealed] }), "eu", { from: "stored", credential: " sk-2 " });
  expect(furtherBody(one === undefined ? [] : [one])).toEqual([
    { name: "eu", weight: 3, credentialEnv: null, credential: "sk-2" },
  ]);
  const changed = withRow(one === undefined ? [] : [one], "eu", { from: "variable", variable: " ACME_EU " });
  expect(furtherBody(changed)).toEqual([{ name: "eu", weight: 3, credentialEnv: "ACME_EU" }]);
});

test("each one that is added has a name of its own, and none is renamed onto another row", () => {
  let further = furtherOf({ credentials: [{ ...sealed, name: "third" }] });
  for (let more = 0; more < FURTHER_MAX - 1; more++) further = withOneMore(further);
  expect(new Set(further.map(({ row }) => row)).size).toBe(FURTHER_MAX);
  expect(new Set(further.map(({ name }) => name)).size).toBe(FURTHER_MAX);
  expect(further.slice(0, 3).map(({ name }) => name)).toEqual(["third", "second", "credential-2"]);
  const renamed = withRow(further, "second", { name: "spare" });
  expect(withOneMore(renamed).at(-1)?.row).not.toBe("second");
});
