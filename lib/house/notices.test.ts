import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const root = path.resolve(import.meta.dirname, "../..");
const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
});
/** Terms that an Apache-2.0 program may ship with: LGPL is sharp's own libraries, linked at run time, for other platforms too. */
const ACCEPTED =
  /^(?:MIT|MIT-0|ISC|0BSD|BSD-3-Clause|Apache-2\.0|LGPL-3\.0-or-later|MPL-2\.0|CC-BY-4\.0|BlueOak-1\.0\.0|Unlicense|CC0-1\.0)$/;

const { packages } = lockfile.parse(JSON.parse(fs.readFileSync(path.join(root, "package-lock.json"), "utf8")));
const inProduction = Object.entries(packages).filter(([place, { dev }]) => place !== "" && dev !== true);

test("the third-party notices name every package of production with its version and licence, and no other", () => {
  const notices = fs.readFileSync(path.join(root, "THIRD-PARTY-NOTICES.md"), "utf8");
  const named = notices.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| package"));
  const rows = new Set(named.map((line) => line.split(" | ").slice(0, 3).join(" ").slice(2)));
  const locked = new Set(
    inProduction.map(([place, { version, license }]) => `${place.split("node_modules/").at(-1)} ${version} ${license}`),
  );
  expect([...rows].sort()).toEqual([...locked].sort());
});

test("every package of production has a licence that was looked at", () => {
  const terms = inProduction.flatMap(([, { license = "none" }]) => license.replace(/[()]/g, "").split(/ (?:AND|OR) /));
  expect([...new Set(terms)].filter((term) => !ACCEPTED.test(term))).toEqual([]);
});
