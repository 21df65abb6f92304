import { expect, test } from "vitest";
import { asYaml, fromText } from "./config-text";

const FILE = { spillway: "config/1", tenants: { acme: { name: "Acme: north", tier: "free" } } };

test("what is exported is read back as it was, from YAML and from JSON", async () => {
  for (const text of [await asYaml(FILE), JSON.stringify(FILE)])
    expect(await fromText(text)).toEqual({ kind: "file", file: FILE });
});

test("text that is no file says so, with the place where YAML is broken", async () => {
  for (const text of ["", "- a\n- b", "hello", "7"]) expect(await fromText(text)).toMatchObject({ kind: "fault" });
  const broken = await fromText("tenants:\n  acme: [1, 2\n");
  expect(broken).toMatchObject({ kind: "fault", fault: expect.stringMatching(/line [23]/) });
});
