import { expect, test } from "vitest";
import { originPlace } from "./origin-place";

test.each([
  ["tier free", "tier", "free", "/tiers/free"],
  ["override for acme", "override", "acme", "/tenants/acme"],
  ["override for acme-*", "override", "acme-*", "/tiers"],
  ["everyone", "everyone", "", "/everyone"],
  ["budget monthly", "budget", "monthly", "/spend"],
  ["a key", "other", "a key", null],
])("the origin %s leads to the page that changes it", (from, kind, of, href) => {
  expect(originPlace(from)).toEqual({ kind, of, href });
});
