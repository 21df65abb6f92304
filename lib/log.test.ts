import fs from "node:fs";
import { expect, test, vi } from "vitest";
import { logTo, makeLog, safeText } from "./log";

function logged(fields: object): string {
  const lines: string[] = [];
  makeLog("info", { write: (line) => void lines.push(line) }).info(fields, "something");
  return lines.join("");
}

const TOKEN = "Yq3hT0vWbN8eLr2KmXz7PdJ5sGfCu1Ao";

test("a log line has an error's name, code, message and frames, and neither its cause nor the first line of its stack", () => {
  const error = Object.assign(new Error(`first line\nparams: ${"secret-value ".repeat(2000)}`), { code: "E1" });
  error.cause = new Error("a cause with secret-cause");
  const line = logged({ err: error });
  expect(JSON.parse(line).err).toMatchObject({ name: "Error", code: "E1" });
  expect(JSON.parse(line).err.stack).toMatch(/^ {4}at /);
  expect(line.length).toBeLessThan(4000);
  expect(line).not.toContain("secret-cause");
});

test.each([
  [`session ${TOKEN} was not found`, "session [redacted] was not found"],
  [`Bearer ${TOKEN.slice(0, 20)} sent`, "Bearer [redacted] sent"],
  ["connect to postgres://ann:hunter2@db:5432/x", "connect to postgres://ann:[redacted]@db:5432/x"],
  ["no provider takes sk-proj-0123456789", "no provider takes [redacted]"],
  ["the key sw_live_4Xq9PzL0aBcD_abc", "the key [redacted]"],
  ["cookie: spillway.session_token=abc; path=/", "cookie: [redacted]; path=/"],
  ["two\r\nlines\u0000", "two lines "],
  ["req_0196f7a2b3c4d5e6f708192a3b4c5d6e in budgets_tenant_id_tenants_id_fkey_of", null],
])("%j", (text, told) => {
  expect(safeText(text)).toBe(told ?? text);
  expect(logged({ why: text })).not.toContain(TOKEN);
});

test("a long text is cut, and not in the middle of a secret", () => {
  const told = safeText(`${"word ".repeat(97)}${TOKEN} and more`);
  expect(told.length).toBeLessThan(510);
  expect(told).not.toContain(TOKEN.slice(0, 10));
});

test.runIf(fs.existsSync("/dev/full"))(
  "a log on a full disk loses lines, throws nothing and does not hold up the end",
  async () => {
    const destination = logTo(fs.openSync("/dev/full", "w"));
    const log = makeLog("info", destination);
    let failures = 0;
    destination.on("error", () => {
      failures += 1;
    });
    await vi.waitFor(
      () => {
        log.info("one more line");
        expect(failures).toBeGreaterThanOrEqual(2);
      },
      { timeout: 15_000 },
    );
    destination.flushSync();
  },
);
