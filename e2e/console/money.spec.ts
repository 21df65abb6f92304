import fs from "node:fs";
import type { Page } from "@playwright/test";
import { zoneFarFromMidnight } from "../fixtures/process";
import { WebhookReceiver } from "../fixtures/receivers";
import { expect, ofOneDay, runsWhenOpen, test } from "./fixture";

test("a budget made in the browser refuses the next call that does not fit, and raised there it lets it pass", async ({
  console: page,
  spillway,
}) => {
  // In a zone where no month ends meanwhile: the first call counts in the budget, which is per month.
  const tenant = { slug: "monthly", name: "Monthly Bank", tier: "enterprise", timeZone: zoneFarFromMidnight() };
  await spillway.admin("POST", "tenants", tenant);
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "monthly", name: "First" });
  const call = () => spillway.chat(key, { model: "sim-large", max_tokens: 150 });
  expect((await call()).status).toBe(200);
  await page.goto("/spend");
  await page.getByRole("button", { name: "New budget" }).click();
  const dialog = page.getByRole("dialog", { name: "New budget" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("monthly");
  await dialog.getByRole("combobox", { name: "Tenant" }).click();
  await page.getByRole("option", { name: "Monthly Bank" }).click();
  await dialog.getByRole("textbox", { name: "Amount" }).fill("0.0016");
  await dialog.getByRole("button", { name: "Create" }).click();
  const card = page.getByRole("article", { name: "Budget monthly" });
  await expect(card).toContainText("of $0.0016");
  await expect(card).toContainText("Tenant Monthly Bank");
  const refused = await call();
  expect(refused.status).toBe(429);
  await page.getByRole("button", { name: "Raise… monthly" }).click();
  const raise = page.getByRole("dialog", { name: "Raise monthly for a while" });
  await raise.getByRole("textbox", { name: "By" }).fill("5");
  await raise.getByRole("textbox", { name: "Reason" }).fill("they asked, and pay");
  await raise.getByRole("button", { name: "Raise it" }).click();
  await expect(card).toContainText("raised by $5.00");
  expect((await call()).status).toBe(200);
  await page.getByRole("button", { name: "Edit… monthly" }).click();
  const edit = page.getByRole("dialog", { name: "Change monthly" });
  await edit.getByRole("textbox", { name: "Percent of threshold 3" }).fill("90");
  await edit.getByRole("button", { name: "Remove threshold 1" }).click();
  await edit.getByRole("button", { name: "Change it" }).click();
  await expect(card).toContainText("80 % alert · 90 % degrade · 100 % refuse");
  await page.getByRole("button", { name: "Remove… monthly" }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await expect(card).toHaveCount(0);
});

test("a channel and a rule made in the browser report a brake; the secret is shown once", async ({
  console: page,
  spillway,
}) => {
  const hooks = await WebhookReceiver.run();
  await page.goto("/alerts");
  await page.getByRole("button", { name: "New channel" }).click();
  const channel = page.getByRole("dialog", { name: "New channel" });
  await channel.getByRole("textbox", { name: "Name" }).fill("Hook");
  await channel.getByRole("textbox", { name: "Address" }).fill(`${hooks.url}/browser`);
  await channel.getByRole("checkbox", { name: "Its address is on a private network" }).check();
  await channel.getByRole("button", { name: "Create" }).click();
  const secret = page.getByRole("dialog", { name: "Webhook secret" });
  await expect(secret).toContainText("whsec_");
  // Only the button closes what is shown once.
  await page.keyboard.press("Escape");
  await secret.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("button", { name: "New rule" }).click();
  const rule = page.getByRole("dialog", { name: "New rule" });
  await rule.getByRole("textbox", { name: "Name" }).fill("Brakes");
  await rule.getByRole("combobox", { name: "When" }).click();
  await page.getByRole("option", { name: "a brake is on" }).click();
  await rule.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("region", { name: "Rules" })).toContainText("a brake is on");
  const order = { scope: { model: "sim-vision" }, mode: "block", reason: "told to the browser", expiresInSeconds: 600 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", order);
  await expect(page.getByRole("region", { name: "Open alerts" })).toContainText("told to the browser");
  await expect(page.getByRole("region", { name: "Messages" })).toContainText("delivered");
  expect(hooks.received).toHaveLength(1);
  await spillway.admin("DELETE", `brakes/${id}`, {});
  await expect(page.getByRole("region", { name: "Open alerts" })).toContainText("No open alerts");
  await page.getByRole("button", { name: "Edit… Brakes" }).click();
  const edit = page.getByRole("dialog", { name: "Edit Brakes" });
  await edit.getByRole("switch", { name: "On" }).click();
  await edit.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Rules" }).getByRole("row", { name: /Brakes/ })).toContainText("off");
  await page.getByRole("button", { name: "Remove… Brakes" }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  // A message stays while the pointer is on it.
  await page.getByRole("button", { name: "Undo" }).hover();
  await expect(page.getByRole("region", { name: "Rules" })).toContainText("No rules yet");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("region", { name: "Rules" }).getByRole("row", { name: /Brakes/ })).toContainText("off");
  await page.getByRole("button", { name: "Edit… Hook" }).click();
  const change = page.getByRole("dialog", { name: "Edit Hook" });
  await change.getByRole("textbox", { name: "Name" }).fill("Night hook");
  await change.getByRole("checkbox", { name: "Messages are sent" }).uncheck();
  await change.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Channels" })).toContainText("Night hook (off)");
  await page.getByRole("button", { name: "Remove… Night hook" }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await expect(page.getByRole("region", { name: "Channels" })).toContainText("No channels yet");
  await hooks.stop();
});

test("a price set in the browser holds for the next call; an imported export is compared", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/prices");
  await page.getByRole("button", { name: "New price" }).click();
  const dialog = page.getByRole("dialog", { name: "New price" });
  await dialog.getByRole("combobox", { name: "Model" }).click();
  await page.getByRole("option", { name: "sim-vision" }).click();
  await dialog.getByRole("textbox", { name: "Input", exact: true }).fill("100");
  // A price of nothing is never set by mistake.
  await expect(dialog.getByRole("button", { name: "Set price" })).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Output" }).fill("200");
  await dialog.getByRole("textbox", { name: "Source" }).fill("the test");
  await dialog.getByRole("button", { name: "Set price" }).click();
  await expect(page.getByRole("region", { name: "Prices by date" })).toContainText("the test");
  const answer = await spillway.chat(spillway.demo.keys.enterprise, { model: "sim-vision" });
  const row = await spillway.ledgerRow(answer.headers.get("x-request-id") ?? "");
  expect(row?.costMicroUsd).toBe((row?.inputTokens ?? 0) * 100 + (row?.outputTokens ?? 0) * 200);
  await page.goto("/reconciliation");
  await page.getByRole("button", { name: "Import…" }).click();
  const day = new Date().toISOString().slice(0, 10);
  const buffer = Buffer.from(
    `date,model,input_tokens,output_tokens,num_model_requests,cost_usd\n${day},sim-vision,8,16,1,9`,
  );
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("dialog").getByRole("button", { name: "File" }).click();
  await (await chooser).setFiles({ name: "usage.csv", mimeType: "text/csv", buffer });
  await page.getByRole("button", { name: "Import bill" }).click();
  await expect(page.getByRole("region", { name: "Ledger and bill", exact: true })).toContainText("$9.00");
});

test("a tenant's own page opens by its link alone, fits a phone, and closes when links are voided", async ({
  browser,
  spillway,
}) => {
  await spillway.chat(spillway.demo.keys.free);
  const boost = { tenant: "free", limit: "tokens-per-minute", capacity: 50_000, reason: "they are nearly gone" };
  await spillway.admin("POST", "overrides", { ...boost, expiresInSeconds: 600 });
  const { url } = await spillway.admin<{ url: string }>("POST", "tenants/free/link", {});
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const page = runsWhenOpen(await context.newPage());
  await page.goto(url);
  await expect(page.getByRole("heading", { name: "Fern Street Florist" })).toBeVisible();
  await expect(page.getByRole("region", { name: "What is left" })).toContainText("50,000 tokens");
  expect(await page.content()).not.toContain("nearly gone");
  await expect(page.getByRole("region", { name: "By model, last 30 days", exact: true })).toContainText("sim-small");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
    0,
  );
  expect((await page.goto(`${url.slice(0, -2)}xx`))?.status()).toBe(404);
  await spillway.admin("DELETE", "tenants/free/link", {});
  expect((await page.goto(url))?.status()).toBe(404);
  await context.close();
});

test("a tenant's own page is drawn in another zone as the server drew it, its forecast too", async ({
  browser,
  spillway,
}) => {
  await spillway.admin("POST", "tenants", { slug: "far", name: "Far Away", tier: "standard" });
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "far", name: "First" });
  const id = (await spillway.chat(key)).headers.get("x-request-id") ?? "";
  await expect.poll(async () => (await spillway.ledgerRow(id))?.costMicroUsd ?? 0).toBeGreaterThan(0);
  const used = (await spillway.ledgerRow(id))?.costMicroUsd ?? 0;
  // Its month does not end meanwhile: nothing is foreseen for after the end.
  const period = { period: "month", timeZone: zoneFarFromMidnight() };
  const budget = { level: "tenant", tenant: "far", ...period, amountMicroUsd: used + 1 };
  await spillway.admin("POST", "budgets", { slug: "far-month", ...budget });
  const { url } = await spillway.admin<{ url: string }>("POST", "tenants/far/link", {});
  const context = await browser.newContext({ timezoneId: "America/Los_Angeles" });
  const page = runsWhenOpen(await context.newPage());
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(url);
  await expect(page.getByText("at the last hour's rate").first()).toBeVisible();
  // React reports a first render that differs from the server's.
  expect(faults).toEqual([]);
  await context.close();
});

test("spend is compared with the period before, in words and as a line through the bars", async ({
  console: page,
  spillway,
}) => {
  const answer = await spillway.chat(spillway.demo.keys.enterprise);
  await expect.poll(() => spillway.ledgerRow(answer.headers.get("x-request-id") ?? "")).not.toBeNull();
  await page.goto("/spend?compare=true");
  const spend = page.getByRole("region", { name: "Spend over time" });
  await expect(spend).toContainText("in the period before (the grey line)");
  // One part between each two of the 24 hours.
  await expect(spend.locator(".recharts-reference-line-line")).toHaveCount(23);
});

test("month end: a bill is imported, compared with the ledger, and both are exported", async ({
  console: page,
  spillway,
}) => {
  await ofOneDay();
  const answer = await spillway.chat(spillway.demo.keys.enterprise);
  const row = await spillway.ledgerRow(answer.headers.get("x-request-id") ?? "");
  expect(row?.costMicroUsd).toBeGreaterThan(0);
  const began = Date.now();
  await page.goto("/reconciliation");
  await page.getByRole("button", { name: "Import…" }).click();
  const day = new Date().toISOString().slice(0, 10);
  const csv = `date,model,input_tokens,output_tokens,num_model_requests,cost_usd\n${day},sim-small,1000,2000,7,12.5`;
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("dialog").getByRole("button", { name: "File" }).click();
  await (await chooser).setFiles({ name: "bill.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.getByRole("button", { name: "Import bill" }).click();
  const bill = page.getByRole("region", { name: "Ledger and bill", exact: true });
  const today = new Date(day).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" });
  await expect(bill.getByRole("row", { name: new RegExp(`${today}.*sim-small`) })).toContainText("$12.50");
  await expect(page.getByRole("region", { name: "Counters and ledger", exact: true })).toBeVisible();
  const drift = await saved(page, () => page.getByRole("link", { name: "CSV" }).click());
  expect(drift).toContain(`${day},sim-small`);
  await page.goto("/spend?range=month");
  const spent = page.getByRole("region", { name: "By tenant" }).getByRole("link", { name: "Northwind Bank" });
  await expect(spent).toHaveAttribute("href", "/tenants/enterprise");
  const usage = await saved(page, () => page.getByRole("link", { name: "CSV" }).click());
  expect(usage.split("\n").filter(Boolean).length).toBeGreaterThan(1);
  expect(usage).toContain("enterprise");
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(`month end in ${seconds.toFixed(1)} s with 5 clicks\n`);
});

/** What a click saves, as text. */
async function saved(page: Page, click: () => Promise<void>): Promise<string> {
  const download = page.waitForEvent("download");
  await click();
  return fs.readFileSync(await (await download).path(), "utf8");
}
