import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "@playwright/test";
import { root } from "./run.mjs";

// npm run screenshots [-- path …]: takes every page in both themes and both widths, from a fresh demo with some
// traffic, into the ignored folder screenshots/, for review one by one.
const PORT = Number(process.env.PORT ?? 3377);
const base = `http://127.0.0.1:${PORT}`;
const folder = path.join(root, "screenshots");
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-shots-"));
const pages =
  process.argv.slice(2).length > 0
    ? process.argv.slice(2)
    : [
        "/",
        "/tenants",
        "/tenants/standard",
        "/brakes",
        "/requests",
        "/tiers",
        "/tiers/standard",
        "/everyone",
        "/setup",
        "/providers",
        "/catalog",
        "/keys",
        "/config",
        "/spend",
        "/alerts",
        "/statements",
        "/prices",
        "/reconciliation",
        "/playground",
        "/scarcity",
        "/status",
        "/settings",
        "/staff",
        "/audit",
        "tenant's own page",
        "/me",
      ];

const server = spawn(process.execPath, [path.join(root, "scripts", "start.mjs")], {
  env: { ...process.env, PORT: String(PORT), DATA_DIR: dataDir, LOG_LEVEL: "error" },
  stdio: "ignore",
});
try {
  await until(async () => (await fetch(`${base}/api/readyz`)).ok);
  const demo = JSON.parse(fs.readFileSync(path.join(dataDir, "demo.json"), "utf8"));
  await furnish(demo);
  await traffic(demo);
  await shoot(demo);
  process.stdout.write(`screenshots/ holds ${fs.readdirSync(folder).length} pictures\n`);
} finally {
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  fs.rmSync(dataDir, { recursive: true, force: true });
}

async function until(ask) {
  for (let tries = 0; tries < 400; tries++) {
    const answer = await ask().catch(() => false);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the server did not start");
}

/** Budgets, a rule and its channel, an import, so that no page is empty. */
async function furnish(demo) {
  const auth = { authorization: `Bearer ${demo.operatorToken}`, "content-type": "application/json" };
  const send = async (name, body) => {
    const answer = await fetch(`${base}/api/admin/${name}`, {
      method: "POST",
      headers: auth,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
    return answer.json();
  };
  // All calls come from one address, so the demo's limit per address would refuse most of them.
  const everyone = await (await fetch(`${base}/api/admin/everyone`, { headers: auth })).json();
  const lifted = { version: everyone.version, limits: [], comment: "all calls come from one address" };
  await fetch(`${base}/api/admin/everyone`, { method: "PUT", headers: auth, body: JSON.stringify(lifted) });
  const money = (dollars) => Math.round(dollars * 1_000_000);
  const of = (tenant) => ({ level: "tenant", tenant, period: "month" });
  await send("budgets", { slug: "northwind-month", ...of("enterprise"), amountMicroUsd: money(0.12), carryOver: true });
  await send("budgets", {
    slug: "harbour-users",
    level: "user",
    tenant: "standard",
    period: "day",
    amountMicroUsd: money(0.02),
  });
  await send("budgets", { slug: "everybody", level: "global", period: "month", amountMicroUsd: money(250) });
  const to = await send("alert-channels", {
    name: "On call",
    config: { kind: "slack", url: `${base}/nowhere`, allowLocal: true },
  });
  const watch = { name: "Budgets", watch: { kind: "budget_threshold" }, severity: "critical", channels: [to.id] };
  await send("alert-rules", watch);
  await send("alert-rules", {
    name: "Nearly used up",
    watch: { kind: "limit_remaining", percent: 20 },
    channels: [to.id],
  });
  const day = new Date().toISOString().slice(0, 10);
  const content = `date,model,input_tokens,output_tokens,num_model_requests,cost_usd\n${day},sim-small,1300,1900,76,0.0013\n${day},sim-large,470,620,27,0.0079`;
  await send("reconciliation/imports", { provider: "simulator", content });
  await send("prices", {
    model: "sim-large",
    inputMicroUsdPerMillion: money(2),
    outputMicroUsdPerMillion: money(8),
    validFrom: new Date(Date.now() + 864e5).toISOString(),
    source: "contract of 2027",
  });
  await send("overrides", {
    ...{ tenant: "stand*", limit: "requests-per-minute", capacity: 90, expiresInSeconds: 86_400 },
    reason: "a pattern for the group, until the move is over",
  });
  await send("overrides", {
    ...{ tenant: "standard", limit: "requests-per-minute", capacity: 120, expiresInSeconds: 3600 },
    reason: "launch day, asked for by sales",
  });
  await send("tenants/standard/notes", { text: "Their nightly batch begins at two. Call Ines before stopping it." });
  await send("brakes/drill", {});
  const tier = await (await fetch(`${base}/api/admin/tiers/standard`, { headers: auth })).json();
  const wider = tier.limits.map((limit) => ({ ...limit, capacity: Math.round(limit.capacity * 1.5) }));
  for (const [index, limits] of [wider, tier.limits].entries()) {
    const comment = index === 0 ? "more room for the launch" : "back to what was agreed";
    const predicted = { calls: 240, refused: index * 6, hours: 24 };
    const body = { ...tier, limits, version: tier.version + index, comment, predicted };
    await fetch(`${base}/api/admin/tiers/standard`, { method: "PUT", headers: auth, body: JSON.stringify(body) });
  }
  demo.link = (await send("tenants/enterprise/link", {})).url;
}

/** Calls of three tenants in two dialects, some refused. */
async function traffic(demo) {
  for (const [tenant, calls] of [
    ["enterprise", 60],
    ["standard", 30],
    ["free", 14],
  ]) {
    for (let call = 0; call < calls; call++) {
      const body = {
        model: call % 4 === 0 ? "sim-large" : "sim-small",
        messages: [{ role: "user", content: "How does a spillway work?" }],
        user: `user-${call % 7}`,
      };
      const headers = {
        authorization: `Bearer ${demo.keys[tenant]}`,
        "content-type": "application/json",
        "user-agent": call % 5 === 0 ? "Anthropic/JS 0.71.2" : "OpenAI/JS 6.49.0",
        "x-stainless-retry-count": call % 9 === 0 ? "1" : "0",
        "x-spillway-feature": call % 3 === 0 ? "search" : "chat",
      };
      await (
        await fetch(`${base}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) })
      ).text();
    }
  }
}

/** Dialogs over a page: the brake, the review of a draft, a call in the playground. */
async function shootDialogs(context, { width, colorScheme, demo }) {
  const tab = await context.newPage();
  const shot = (name, fullPage = false) =>
    tab.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`), fullPage });
  await tab.goto(`${base}/?stop=standard`);
  await tab.getByRole("button", { name: "Runaway caller" }).click();
  await tab.getByRole("button", { name: "Preview the callers' error" }).click();
  await tab.waitForTimeout(600);
  await shot("dialog-brake");
  await tab.goto(`${base}/tiers/standard`);
  await tab.getByRole("textbox", { name: "Limit", exact: true }).first().fill("5");
  await tab.getByRole("button", { name: "Review…" }).click();
  await tab.getByText("with this draft").first().waitFor();
  await tab.waitForTimeout(400);
  await shot("dialog-review");
  await tab.goto(`${base}/playground`);
  await tab.getByRole("textbox", { name: "API key" }).fill(demo.keys.standard);
  await tab.getByRole("button", { name: "Send" }).click();
  await tab.getByRole("region", { name: "The bill" }).waitFor();
  await tab.waitForTimeout(400);
  await shot("playground-sent", true);
  await tab.close();
}

async function shoot(demo) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder);
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const first = await browser.newContext();
  const door = await first.newPage();
  await door.goto(base);
  await door.screenshot({ path: path.join(folder, "sign-in.png") });
  await door.getByRole("textbox", { name: "E-mail" }).fill(demo.admin.email);
  await door.locator("input[name=password]").fill(demo.admin.password);
  await door.getByRole("button", { name: "Sign in" }).click();
  await door.getByRole("heading", { name: "Overview" }).waitFor();
  const storageState = await first.storageState();
  for (const width of [1440, 360]) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({
        viewport: { width, height: width === 360 ? 780 : 900 },
        colorScheme,
        storageState,
      });
      for (const page of pages) {
        const tab = await context.newPage();
        await tab.goto(page.startsWith("/") ? `${base}${page}` : demo.link);
        await tab.waitForLoadState("networkidle").catch(() => undefined);
        await tab.waitForTimeout(700);
        const name = page === "/" ? "overview" : page.replace(/^\//, "").replaceAll(/[^a-z0-9]+/gi, "-");
        await tab.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await tab.close();
      }
      await shootDialogs(context, { width, colorScheme, demo });
      await context.close();
    }
  }
  // The README's picture: the overview while a brake is on.
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, storageState });
  const order = {
    scope: { tenant: "free" },
    mode: "block",
    reason: "runaway script, called at 14:20",
    expiresInSeconds: 900,
  };
  const headers = { authorization: `Bearer ${demo.operatorToken}`, "content-type": "application/json" };
  await traffic(demo);
  await fetch(`${base}/api/admin/brakes`, { method: "POST", headers, body: JSON.stringify(order) });
  const tab = await context.newPage();
  await tab.goto(base);
  await tab.getByText("runaway script").first().waitFor();
  await tab.waitForTimeout(1200);
  await tab.screenshot({ path: path.join(folder, "overview-brake.png") });
  await browser.close();
}
