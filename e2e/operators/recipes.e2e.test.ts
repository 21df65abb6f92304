import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Spillway } from "../fixtures/spillway";

const DOC = fs.readFileSync("docs/api.md", "utf8");
const RECIPES = [...DOC.matchAll(/```(ts|sh) recipe\n([\s\S]*?)```/g)].map(([, kind = "", text = ""], index) => ({
  name: `${index + 1}: ${text.trim().split("\n")[0]}`,
  kind,
  text,
}));

/** The names that readers install, and under which generation they are installed here. */
const INSTALLED_AS = { ai: "ai7", "@ai-sdk/openai": "ai7-openai" };

let spillway: Spillway;
let folder: string;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-recipes-"));
  spillway = await Spillway.run();
});
afterAll(async () => {
  await spillway.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function run(command: string, args: readonly string[]): Promise<{ code: number | null; out: string }> {
  const env = { ...process.env, SPILLWAY_URL: spillway.baseUrl, SPILLWAY_KEY: spillway.demo.keys.enterprise };
  const child = spawn(command, args, { env });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (out += String(text)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out };
}

async function compiled(text: string, name: string): Promise<string> {
  const outfile = path.join(folder, `${name}.mjs`);
  const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
  await build({
    stdin: { contents: text, loader: "ts", resolveDir: process.cwd() },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "error",
    alias: INSTALLED_AS,
    banner: { js: banner },
  });
  return outfile;
}

describe("the recipes of docs/api.md", () => {
  test("were found", () => expect(RECIPES.length).toBe(8));

  test.each(RECIPES)("$name", async ({ kind, text, name }) => {
    const { code, out } = await (kind === "sh"
      ? run("bash", ["-euc", text])
      : run(process.execPath, [await compiled(text, name.split(":")[0] ?? "recipe")]));
    expect([code, out]).toEqual([0, expect.stringMatching(/water finds its level|"limits":\[/)]);
  });
});
