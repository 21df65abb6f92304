import { expect, test } from "vitest";
import { auditPlace } from "./audit-place";

test.each([
  ["tenants.edit", "acme", "/tenants/acme"],
  ["tenants.remove", "acme", "/tenants"],
  ["notes.write", "acme", "/tenants/acme"],
  ["notes.remove", "acme", "/tenants/acme"],
  ["tiers.publish", "free", "/tiers/free"],
  ["keys.revoke", "AbC", "/keys?find=AbC"],
  ["budgets.create", "month", "/spend"],
  ["brakes.set", "brk_1", "/brakes"],
  ["access.sign-in", "ines@example.com", null],
])("the audit log's %s of %s leads to %s", (action, target, href) => {
  expect(auditPlace(action, target)).toBe(href);
});
