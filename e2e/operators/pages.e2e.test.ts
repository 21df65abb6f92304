import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let folder: string;
beforeAll(async () => {
  spillway = await Spillway.run();
  // The pages read what the demo wrote where `npm run up` puts it.
  folder = path.join(spillway.dataDir, "checkout");
  fs.mkdirSync(folder);
  fs.symlinkSync(spillway.dataDir, path.join(folder, ".data"));
});
afterAll(() => spillway.stop());

/** The blocks of a page that are marked as recipes, in their order. */
function recipes(page: string, kind = "sh"): string[] {
  const text = fs.readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${kind} recipe\n([\\s\\S]*?)\`\`\``, "g"))].map(([, block = ""]) => block);
}

/** A brake that nobody has lifted: the pages cannot know its name. */
const UNLIFTED = `$(curl -sS "$SPILLWAY_URL/api/admin/brakes" -H "authorization: Bearer $OPERATOR_TOKEN" | node -p "JSON.parse(require('fs').readFileSync(0)).brakes.find((one) => one.liftReason === null).id")`;

/** What an answer of the admin API or of a call says when it is a refusal. */
const REFUSAL = /"error":|"status":[45]\d\d/;

/** Runs a page's recipes in one shell, as a reader would who types them one after the other, against this installation. */
async function typed(script: string): Promise<{ code: number | null; out: string }> {
  const here = script
    .replaceAll(/https?:\/\/(?:127\.0\.0\.1:3000|llm\.example\.com|spillway\.example\.com)/g, spillway.baseUrl)
    .replaceAll(/^(OPERATOR_TOKEN)=….*$/gm, `$1=${spillway.demo.operatorToken}`)
    .replaceAll("brakes/brk_…", `brakes/${UNLIFTED}`);
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: "production" as const,
    SPILLWAY_URL: spillway.baseUrl,
    OPERATOR_TOKEN: spillway.demo.operatorToken,
  };
  const child = spawn("bash", ["-euc", here], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (out += String(text)));
  return { code: await new Promise((resolve) => child.once("close", resolve)), out };
}

test("README.md: the first call, the limit that is met, providers, a tenant, a budget and a brake, as they stand there", async () => {
  const blocks = recipes("README.md");
  expect(blocks.length).toBe(6);
  const [first = "", many = "", ...operator] = blocks;
  const { code, out } = await typed(`${first}\necho; ${many}`);
  expect(code, out).toBe(0);
  const [answer = "", ...statuses] = out.trim().split(/\n/);
  expect(JSON.parse(answer)).toMatchObject({ model: "sim-small", quota: { limits: expect.any(Array) } });
  expect(statuses.join("")).toMatch(/^200 (?:(?:200|429) ?){14}$/);
  const asked = await typed(operator.join("\n"));
  expect([asked.code, asked.out]).toEqual([0, expect.not.stringMatching(REFUSAL)]);
  for (const said of ['"slug":"acme"', "sw_live_", '"acme-month"', "runaway script"]) expect(asked.out).toContain(said);
  const { brakes } = await spillway.admin<{ brakes: object[] }>("GET", "brakes");
  expect(brakes).toEqual([expect.objectContaining({ reason: "runaway script", liftReason: "fixed" })]);
});

test("docs/money.md and docs/developers/serverless.md: a budget, and an invitation, by the operator token", async () => {
  const { budgets } = await spillway.admin<{ budgets: { id: string }[] }>("GET", "budgets");
  for (const { id } of budgets) await spillway.admin("DELETE", `budgets/${id}`, {});
  const { code, out } = await typed(
    [...recipes("docs/money.md"), ...recipes("docs/developers/serverless.md")].join("\n"),
  );
  expect([code, out]).toEqual([0, expect.not.stringMatching(REFUSAL)]);
  expect(out).toContain('"acme-month"');
  expect(out).toContain("you@example.com");
});

test("docs/runbook.md: stop, lift, and every command that stands in its text", async () => {
  const [functions = "", stop = "", lift = ""] = recipes("docs/runbook.md");
  const text = fs.readFileSync(path.join(root, "docs/runbook.md"), "utf8");
  const named = [...text.matchAll(/`(admin (?:GET|POST) [^`<…]+)`/g)].map(([, command = ""]) => command);
  expect(named.length).toBeGreaterThan(5);
  const { code, out } = await typed([functions, stop, stop, lift, ...named].join("\n"));
  expect([code, out]).toEqual([0, expect.not.stringMatching(REFUSAL)]);
  const { brakes } = await spillway.admin<{ brakes: { liftReason: string | null }[] }>("GET", "brakes");
  expect(brakes.filter(({ liftReason }) => liftReason === null)).toEqual([]);
});

test("docs/configuration.md: the file that stands there is planned, applied, and then plans nothing", async () => {
  const [yaml = ""] = recipes("docs/configuration.md", "yaml");
  fs.writeFileSync(path.join(folder, "spillway.yaml"), yaml);
  const channel = { kind: "webhook", url: "http://127.0.0.1:9/x", allowLocal: true };
  await spillway.admin("POST", "alert-channels", { name: "ops", config: channel });
  const config = (command: string) => `node ${path.join(root, "scripts/config.mjs")} ${command} -f spillway.yaml`;
  const { code, out } = await typed(
    `${config("plan")} || [ $? = 2 ]; ${config("apply")}; ${config("plan")}; ${config("diff")}`,
  );
  expect(code, out).toBe(0);
  expect(out).toContain("No changes");
});
