import { expect, test } from "vitest";
import { auditHash } from "./chain";

const KEY = "a key of the chain";
const AT = new Date("2026-11-27T12:00:00Z");
const entry = { actor: "ann", role: "admin", address: "", action: "providers.put", target: "acme", reason: null };
const hashOf = (before: unknown) => auditHash(KEY, { ...entry, at: AT, previousHash: "", before, after: null });

test("an entry hashes as the database gives it back: moments as text, keys in any order, nothing that is undefined", () => {
  const written = { slug: "acme", reopenedAt: AT, limits: [{ at: AT, gone: undefined }], sealed: undefined };
  const readBack = { limits: [{ at: AT.toISOString() }], reopenedAt: AT.toISOString(), slug: "acme" };
  expect(hashOf(written)).toBe(hashOf(readBack));
  expect(hashOf(JSON.parse(JSON.stringify(written)))).toBe(hashOf(written));
});

test("another moment is another hash", () => {
  expect(hashOf({ at: AT })).not.toBe(hashOf({ at: new Date(AT.getTime() + 1) }));
});
