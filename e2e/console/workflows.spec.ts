import { expect, test } from "./fixture";

test("find the burning tenant, stop it for 15 minutes with a reason, see it stop, lift it: by keyboard alone, within 30 s", async ({
  console: page,
  spillway,
}) => {
  const call = () => spillway.chat(spillway.demo.keys.standard);
  for (let round = 0; round < 20; round++) await call();
  await page.goto("/");
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  const began = Date.now();
  let presses = 0;
  const press = async (key: string) => {
    presses += 1;
    await page.keyboard.press(key);
  };
  // The palette finds the tenant by its name and offers to stop it.
  await press("Control+k");
  await expect(page.getByRole("textbox", { name: "Find anything" })).toBeFocused();
  await page.keyboard.type("harbour");
  await expect(page.getByText("Stop Harbour Logistics…")).toBeVisible();
  for (let down = 0; down < 8; down++) {
    const chosen = page.locator("[data-selected]");
    if (await chosen.filter({ hasText: "Stop Harbour Logistics…" }).count()) break;
    await press("ArrowDown");
  }
  await press("Enter");
  const dialog = page.getByRole("dialog", { name: "Stop calls" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByText(/calls per\s+minute of 1 tenant/)).toBeVisible();
  await dialog.getByRole("textbox", { name: "Reason" }).focus();
  await page.keyboard.type("a script runs away");
  await dialog.getByRole("radio", { name: "15 min" }).focus();
  await press("Space");
  await dialog.getByRole("textbox", { name: "Type standard to confirm" }).focus();
  await page.keyboard.type("standard");
  await press("Enter");
  await expect(page.getByRole("alert", { name: "Active brakes" })).toContainText("a script runs away");
  expect((await call()).status).toBe(503);
  await page.getByRole("button", { name: "Lift now: Calls of tenant standard" }).focus();
  await press("Enter");
  await expect(page.getByText("a script runs away")).toHaveCount(0);
  expect((await call()).status).toBe(200);
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(
    `stopped and lifted by keyboard in ${seconds.toFixed(1)} s with ${presses} keys besides typing\n`,
  );
  expect(seconds).toBeLessThan(30);
});

test("a tier's draft is reviewed: what changes, and whom of yesterday's callers it would have refused; then published", async ({
  console: page,
  spillway,
}) => {
  const before = await spillway.admin<{ version: number }>("GET", "tiers/enterprise");
  for (let round = 0; round < 12; round++) await spillway.chat(spillway.demo.keys.enterprise);
  await page.goto("/tiers/enterprise");
  const limit = page.getByRole("textbox", { name: "Limit", exact: true }).first();
  await limit.fill("5");
  await page.getByRole("button", { name: "Review…" }).click();
  const review = page.getByRole("dialog", { name: "Review of Enterprise" });
  await expect(review.getByRole("region", { name: "Changes" })).toContainText(
    "requests-per-minute: 300 requests → 5 requests",
  );
  await expect(review.getByRole("region", { name: "Replay" })).toContainText("with this draft");
  await expect(review.getByRole("row", { name: /^enterprise/ })).toBeVisible();
  await review.getByRole("button", { name: "Publish now" }).click();
  await expect(page.getByText(`version ${before.version + 1}`, { exact: true })).toBeVisible();
  await spillway.admin("PUT", "tiers/enterprise", { ...before, version: before.version + 1 });
});

test("the holder of a key sees on /me what is left, and why a call was refused and when it passes", async ({
  browser,
  spillway,
}) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  await page.goto(`${spillway.baseUrl}/me`);
  let refused = "";
  for (let round = 0; round < 14 && refused === ""; round++) {
    const answer = await spillway.chat(spillway.demo.keys.loop, { user: "mia" });
    if (answer.status === 429) refused = await answer.text();
  }
  const began = Date.now();
  await page.getByRole("textbox", { name: "API key" }).fill(spillway.demo.keys.loop);
  await page.getByRole("textbox", { name: "User" }).fill("mia");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("region", { name: "What is left now" })).toContainText("user-requests");
  await page.getByRole("textbox", { name: "Why was my call refused?" }).fill(refused);
  const card = page.getByRole("region", { name: "The refusal" });
  await expect(card).toContainText("Refused by a rate limit");
  await expect(card).toContainText("would have passed");
  expect(Date.now() - began).toBeLessThan(20_000);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
    0,
  );
  // Nothing of the key is kept in the browser.
  const kept = await page.evaluate(() =>
    JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie }),
  );
  expect(kept).not.toContain(spillway.demo.keys.loop.slice(-20));
  await page.getByRole("textbox", { name: "API key" }).fill("sw_test_wrong");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("alert", { name: "Not shown" })).toBeVisible();
  await context.close();
});

test("the palette explains a pasted request id", async ({ console: page, spillway }) => {
  const answer = await spillway.chat(spillway.demo.keys.enterprise);
  expect(answer.status).toBe(200);
  const id = answer.headers.get("x-request-id") ?? "";
  await page.goto("/tenants");
  // The page listens to keys from the moment its figures are live.
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByRole("textbox", { name: "Find anything" }).fill(`see ${id} please`);
  await page.getByText(`Explain ${id}`).click();
  await expect(page.getByRole("region", { name: "The call" })).toContainText(id);
});

test("brakes are listed with what became of them", async ({ console: page, spillway }) => {
  const order = { scope: { model: "sim-vision" }, mode: "block", reason: "listed on its page", expiresInSeconds: 600 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", order);
  await page.goto("/brakes");
  await expect(page.getByRole("region", { name: "On now", exact: true })).toContainText("listed on its page");
  await page.getByRole("button", { name: `Lift… ${id}` }).click();
  await page.getByRole("button", { name: "Lift it" }).click();
  await expect(page.getByRole("region", { name: "Earlier", exact: true })).toContainText("listed on its page");
  await expect(page.getByRole("region", { name: "On now", exact: true })).not.toContainText("listed on its page");
});
