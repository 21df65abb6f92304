import fs from "node:fs";
import { expect, runsWhenOpen, test } from "./fixture";

const { version }: { version: string } = JSON.parse(fs.readFileSync("package.json", "utf8"));

test("status shows every process and provider, and a drill is measured and kept", async ({
  console: page,
  spillway,
}) => {
  await spillway.chat(spillway.demo.keys.enterprise);
  await page.goto("/status");
  const processes = page.getByRole("region", { name: "Processes", exact: true });
  await expect(processes).toContainText("up to date");
  await expect(processes).toContainText(version);
  await expect(page.getByRole("region", { name: "Providers", exact: true })).toContainText("answers");
  await page.getByRole("button", { name: "Drill" }).click();
  const dialog = page.getByRole("dialog", { name: "Drill" });
  await expect(dialog).toContainText(/Every process enforced it within \d+ ms/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("region", { name: "Drills", exact: true })).toContainText(/1 of 1 process, slowest/);
});

test("constants of the queue are saved after the last day was replayed under them, and no sooner", async ({
  console: page,
  spillway,
}) => {
  type View = { settings: { queue: { waitMs: { batch: number } } } };
  await spillway.chat(spillway.demo.keys.enterprise);
  const { settings } = await spillway.admin<View>("GET", "scarcity");
  await page.goto("/scarcity");
  await expect(page.getByRole("region", { name: "Provider headroom" })).toContainText("sim-small");
  await expect(page.getByRole("region", { name: "Queue by class" })).toContainText("background");
  const constants = page.getByRole("region", { name: "Constants", exact: true });
  const save = constants.getByRole("button", { name: "Save" });
  await constants.getByRole("textbox", { name: "Longest wait, batch, s" }).fill("240");
  await constants.getByRole("textbox", { name: "Reason" }).fill("batch may wait less");
  await expect(save).toBeDisabled();
  await constants.getByRole("button", { name: "Replay the last day" }).click();
  await expect(page.getByRole("region", { name: "The last day, replayed" })).toContainText("standard");
  await save.click();
  await expect(constants.getByRole("status")).toContainText("Saved");
  const changed = await spillway.admin<View>("GET", "scarcity");
  expect(changed.settings.queue.waitMs.batch).toBe(240_000);
  await spillway.admin("PUT", "scarcity", { settings, reason: "as it was" });
});

test("a session elsewhere is seen and ended; its next click leads to sign-in", async ({
  console: page,
  browser,
  spillway,
}) => {
  const context = await browser.newContext({
    baseURL: spillway.baseUrl,
    userAgent: "Mozilla/5.0 (Windows) Firefox/140",
  });
  const other = runsWhenOpen(await context.newPage());
  await other.goto("/");
  await other.getByRole("textbox", { name: "E-mail" }).fill(spillway.demo.admin.email);
  await other.locator("input[name=password]").fill(spillway.demo.admin.password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.goto("/settings");
  const sessions = page.getByRole("region", { name: "Your sessions" });
  await expect(sessions).toContainText("this one");
  await sessions.getByRole("button", { name: "End the session of Firefox on Windows" }).click();
  await expect(sessions).not.toContainText("Firefox on Windows");
  await other.goto("/tiers");
  await expect(other.getByRole("button", { name: "Sign in" })).toBeVisible();
  await context.close();
});

test("the playground sends one call and shows its headers, its bill and what is left; a refusal explains itself", async ({
  console: page,
  spillway,
}) => {
  // One call a minute: with one in two seconds a call is back before the page sends again on a busy machine.
  await spillway.admin("POST", "tenants", { slug: "player", name: "Player", tier: "standard" });
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "player", name: "First" });
  const slow = { tenant: "player", limit: "requests-per-minute", capacity: 1, reason: "one call is all" };
  await spillway.admin("POST", "overrides", { ...slow, expiresInSeconds: 600 });
  await page.goto("/playground");
  await page.getByRole("textbox", { name: "API key" }).fill(key);
  await page.getByRole("textbox", { name: "User" }).fill("player");
  const send = page.getByRole("button", { name: "Send" });
  await send.click();
  const answer = page.getByRole("region", { name: "The answer" });
  await expect(answer).toContainText("HTTP 200");
  await expect(answer).toContainText("x-ratelimit-remaining-requests");
  await expect(page.getByRole("region", { name: "The bill" })).toContainText("as the provider reported");
  await expect(page.getByRole("region", { name: "What is left" })).toContainText("requests-per-minute");
  await send.click();
  await expect(answer).toContainText("HTTP 429");
  await expect(page.getByRole("region", { name: "The refusal" })).toContainText("would have passed");
});

test("a tenant's limits show where they come from, its clients how they behave, and notes are kept", async ({
  console: page,
  spillway,
}) => {
  const headers = { "user-agent": "OpenAI/JS 6.49.0", "x-stainless-retry-count": "1" };
  await spillway.chat(spillway.demo.keys.enterprise, {}, { headers });
  const boost = { tenant: "enter*", limit: "requests-per-minute", capacity: 310, reason: "a pattern of our own" };
  const { id } = await spillway.admin<{ id: string }>("POST", "overrides", { ...boost, expiresInSeconds: 600 });
  await page.goto("/tenants/enterprise");
  const limits = page.getByRole("region", { name: "Limits and where they come from" });
  await expect(limits).toContainText("tier Enterprise: 300 requests");
  await expect(limits).toContainText("→ override for enter*: 310 requests");
  await expect(limits).toContainText("a pattern of our own");
  await expect(page.getByRole("region", { name: "Client libraries", exact: true })).toContainText("openai js 6.49.0");
  await page.getByRole("textbox", { name: "New note" }).fill("Their nightly batch begins at two.");
  await page.getByRole("button", { name: "Add note" }).click();
  const notes = page.getByRole("region", { name: "Notes" });
  await expect(notes).toContainText("Their nightly batch begins at two.");
  await notes.getByRole("button", { name: /^Remove the note/ }).click();
  // A message stays while the pointer is on it.
  await page.getByRole("button", { name: "Undo" }).hover();
  await expect(notes).not.toContainText("nightly batch");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(notes).toContainText("Their nightly batch begins at two.");
  await spillway.admin("DELETE", `overrides/${id}`, { reason: "the test is over" });
});

test("keys lead to pages, filters stay in the address, and times are shown in UTC when asked", async ({
  console: page,
  spillway,
}) => {
  await spillway.chat(spillway.demo.keys.enterprise);
  await page.goto("/");
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toContainText("Reconciliation");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toHaveCount(0);
  // One right after the other, also when the page is slow to answer the first.
  await Promise.all([page.keyboard.press("g"), page.keyboard.press("r")]);
  await expect(page.getByRole("heading", { name: "Requests" })).toBeVisible();
  await page.getByRole("combobox", { name: "Tenant" }).click();
  await page.getByRole("option", { name: "Northwind Bank" }).click();
  await expect(page).toHaveURL(/tenant=enterprise/);
  await page.reload();
  await expect(page.getByRole("combobox", { name: "Tenant" })).toHaveValue("Northwind Bank");
  const latest = page.getByRole("region", { name: "Latest calls" });
  await expect(latest.locator("time").first()).not.toContainText("UTC");
  await page.getByRole("button", { name: "Local: show times in UTC" }).click();
  await expect(latest.locator("time").first()).toContainText("UTC");
  await page.getByRole("button", { name: "UTC: show times in your own zone" }).click();
  // Chosen against the system's colours: the server does not know it. React reports a first render that differs.
  await page.getByRole("button", { name: "Switch to dark colours" }).click();
  await page.reload();
  await expect(page.getByRole("button", { name: "Switch to light colours" })).toBeVisible();
});

test("a count of notifications that was on its way does not bring back what was looked at", async ({
  console: page,
  spillway,
}) => {
  const order = { scope: { model: "sim-vision" }, mode: "block", reason: "to be counted", expiresInSeconds: 600 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", order);
  await spillway.admin("DELETE", `brakes/${id}`, {});
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let asked = 0;
  await page.route("**/api/admin/notices", async (route) => {
    asked += 1;
    if (asked === 1) await released;
    await route.fallback();
  });
  await page.goto("/settings");
  await expect.poll(() => asked).toBe(1);
  const bell = page.getByRole("button", { name: "Notifications" });
  await bell.click();
  const happened = page.getByRole("dialog", { name: "Notifications" }).getByRole("listitem");
  await expect(happened.filter({ hasText: /new$/ }).first()).toBeVisible();
  const late = page.waitForResponse("**/api/admin/notices");
  release();
  await (await late).finished();
  await page.keyboard.press("Escape");
  await expect(happened).toHaveCount(0);
  await expect(bell).toHaveAccessibleName("Notifications");
});

test("an action that needs the password again asks for it and then continues", async ({ console: page, spillway }) => {
  // The server asks after ten minutes; here it is made to ask at once, and the password goes to the real server.
  let asked = 0;
  await page.route("**/api/admin/brakes", async (route) => {
    if (route.request().method() !== "POST" || asked++ > 0) return route.fallback();
    const detail = "Stopping everybody without an expiry: please confirm your password.";
    await route.fulfill({ status: 403, json: { title: "confirmation_required", status: 403, detail } });
  });
  await page.goto("/?stop=enterprise");
  const dialog = page.getByRole("dialog", { name: "Stop calls" });
  await dialog.getByRole("button", { name: "Runaway caller" }).click();
  await dialog.getByRole("button", { name: "Preview the callers' error" }).click();
  await expect(dialog).toContainText("InternalServerError: 503 Calls are stopped by the operator");
  await dialog.getByRole("textbox", { name: "Type enterprise to confirm" }).fill("enterprise");
  await dialog.getByRole("button", { name: "Stop calls of tenant Northwind Bank" }).click();
  const confirm = page.getByRole("dialog", { name: "Confirm your password" });
  await confirm.locator("input").fill("not it");
  await confirm.getByRole("button", { name: "Go on" }).click();
  await expect(confirm).toContainText("The password is wrong.");
  await confirm.locator("input").fill(spillway.demo.admin.password);
  await confirm.getByRole("button", { name: "Go on" }).click();
  // A message stays while the pointer is on it.
  await page.getByRole("button", { name: "Undo" }).hover();
  await expect(page.getByRole("alert", { name: "Active brakes" })).toContainText("Runaway caller");
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(503);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("alert", { name: "Active brakes" })).toHaveCount(0);
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
});

test("an override for a pattern is set and removed on the tiers' page; a counter is reset on the tenant's", async ({
  console: page,
  spillway,
}) => {
  const call = () => spillway.chat(spillway.demo.keys.free);
  await page.goto("/tiers");
  await page.getByRole("button", { name: "New override" }).click();
  const dialog = page.getByRole("dialog", { name: "New override" });
  await dialog.getByRole("textbox", { name: "For" }).fill("fre*");
  await dialog.getByRole("textbox", { name: "Capacity" }).fill("2");
  await dialog.getByRole("textbox", { name: "Reason" }).fill("a pattern in a test");
  await dialog.getByRole("button", { name: "Set override" }).click();
  const overrides = page.getByRole("region", { name: "Overrides", exact: true });
  await expect(overrides).toContainText("a pattern in a test");
  const statuses = [];
  for (let round = 0; round < 4; round++) statuses.push((await call()).status);
  expect(statuses).toContain(429);
  await page.goto("/tenants/free");
  await page.getByRole("button", { name: "Change… requests-per-minute for this tenant" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Reason" }).fill("it was our own test");
  await page.getByRole("button", { name: "Only reset the counter" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect((await call()).status).toBe(200);
  await page.goto("/tiers");
  await overrides.getByRole("button", { name: "Remove the override of requests-per-minute for fre*" }).click();
  await expect(overrides).not.toContainText("a pattern in a test");
});

test("a page that could not be loaded says so and can be loaded again", async ({ console: page }) => {
  let fails = true;
  // Not one of the reads whose answers come with their page.
  await page.route("**/api/admin/tiers", (route) => (fails ? route.abort() : route.fallback()));
  await page.goto("/tiers");
  await expect(page.getByRole("alert").filter({ hasText: "The tiers could not be loaded" })).toBeVisible();
  fails = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("region", { name: "Standard", exact: true })).toBeVisible();
});

test("a holder rotates a key on /me: the new key is shown once, and Escape does not close it", async ({
  page,
  spillway,
}) => {
  const order = { tenant: "free", name: "rotated by its holder", holderMayRotate: true };
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", order);
  await page.setViewportSize({ width: 360, height: 740 });
  await runsWhenOpen(page).goto(`${spillway.baseUrl}/me`);
  await page.getByRole("textbox", { name: "API key" }).fill(key);
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("button", { name: "Rotate…" }).click();
  await page.getByRole("button", { name: "Create the new key" }).click();
  const made = page.getByTestId("new-key");
  await expect(made).toContainText("sw_live_");
  const text = await made.innerText();
  await page.keyboard.press("Escape");
  await expect(made).toHaveText(text);
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(made).toHaveCount(0);
  await expect(page.getByRole("status")).toContainText("This key has been replaced.");
  expect(await page.content()).not.toContain(text);
  expect((await spillway.chat(text)).status).toBe(200);
});
