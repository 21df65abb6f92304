import { expect, test } from "vitest";
import { scopeWords } from "./scope-words.shared";

test("a brake is named by what people call its tenant and its key, and by slug and id without these names", () => {
  expect(scopeWords({})).toBe("All calls");
  expect(scopeWords({ key: "x1FDtZtb3Xrj" })).toBe("Calls of key x1FDtZtb3Xrj");
  expect(scopeWords({ key: "x1FDtZtb3Xrj" }, { key: "Nightly batch", keyTenant: "Harbour Logistics" })).toBe(
    'Calls of key "Nightly batch" of Harbour Logistics',
  );
  expect(scopeWords({ tenant: "standard", model: "sim-large" }, { tenant: "Harbour Logistics" })).toBe(
    "Calls of tenant Harbour Logistics and model sim-large",
  );
  expect(scopeWords({ provider: "simulator", tier: "free" }, { provider: "Simulator", tier: "Free" })).toBe(
    "Calls of provider Simulator and tier Free",
  );
});
