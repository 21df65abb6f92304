import { expect, test } from "vitest";
import { NAV } from "../../../nav";
import { entriesFor, type Known, type Shown } from "./entries";

const known: Known = {
  tenants: [{ slug: "acme", name: "Acme" }],
  keys: [{ id: "k1", display: "sw_live_k1_…9xyz", name: "Web", tenant: "acme" }],
  models: [
    { slug: "sim-small", name: "sim-small" },
    { slug: "sim-large", name: "sim-large" },
  ],
  providers: [{ slug: "simulator", name: "Simulator" }],
  tiers: [{ slug: "free", name: "Free" }],
};
const found = (text: string, shown: Partial<Shown> = {}) =>
  entriesFor(text, known, { pages: NAV, canStop: true, isOfAll: true, ...shown }).map(({ label, href }) => [
    label,
    href,
  ]);

test("a model, a provider and a tier are found by their words, and lead to their pages", () => {
  expect(found("large")).toContainEqual(["sim-large", "/requests/log?model=sim-large"]);
  expect(found("large").flat()).not.toContain("sim-small");
  expect(found("simulator")).toContainEqual(["Simulator", "/providers"]);
  expect(found("tier free")).toContainEqual(["Free", "/tiers/free"]);
  expect(found("web")).toContainEqual(["sw_live_k1_…9xyz", "/tenants/acme"]);
});

test.each([
  ["stop sim-large", "Stop sim-large…", "/?stop=model%3Asim-large"],
  ["stop model sim-large", "Stop sim-large…", "/?stop=model%3Asim-large"],
  ["stop simulator", "Stop Simulator…", "/?stop=provider%3Asimulator"],
])('"%s" has the brake on a model or a provider', (text, label, href) => {
  expect(found(text)).toContainEqual([label, href]);
});

test("the brake comes first for who asks to stop, and not at all for who may not", () => {
  expect(found("stop acme")[0]).toEqual(["Stop Acme…", "/?stop=tenant%3Aacme"]);
  expect(found("stop acme", { canStop: false }).flat().join()).not.toContain("Stop");
});
