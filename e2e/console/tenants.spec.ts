import { readFile } from "node:fs/promises";
import { expect, ofOneDay, test } from "./fixture";

test("make a tenant, give it a key, call with it, rotate the key, and end the old one", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/tenants");
  await page.getByRole("button", { name: "New tenant" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Möwe & Söhne");
  await expect(page.getByRole("textbox", { name: "Slug" })).toHaveValue("mo-we-so-hne");
  await page.getByRole("textbox", { name: "Slug" }).fill("moewe");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: "Möwe & Söhne" })).toBeVisible();
  await expect(page.getByText("No keys yet")).toBeVisible();

  await page.getByRole("button", { name: "New key" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Web shop");
  await page.getByRole("button", { name: "Create the key" }).click();
  const first = (await page.getByTestId("new-key").textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  expect((await spillway.chat(first)).status).toBe(200);
  await expect(page.getByText(/last used/)).toBeVisible();
  expect(await page.content()).not.toContain(first);

  await page.getByRole("button", { name: "Actions for Web shop" }).click();
  await page.getByRole("menuitem", { name: "Rotate…" }).click();
  await page.getByRole("button", { name: "Create the new key" }).click();
  const second = (await page.getByTestId("new-key").textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  expect([(await spillway.chat(first)).status, (await spillway.chat(second)).status]).toEqual([200, 200]);

  const old = page.getByTestId(`key-${first.split("_")[2]}`);
  await old.getByRole("button", { name: "Actions for Web shop" }).click();
  await page.getByRole("menuitem", { name: "Report a leak…" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("pasted into a ticket");
  await page.getByRole("button", { name: "Revoke and cut" }).click();
  await expect(old.getByText("revoked", { exact: true })).toBeVisible();
  expect([(await spillway.chat(first)).status, (await spillway.chat(second)).status]).toEqual([401, 200]);
});

test("suspend a tenant with a reason, see its next call refused, and resume it", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/tenants/enterprise");
  await page.getByRole("button", { name: "Suspend…" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("asked for by the customer");
  await page.getByRole("button", { name: "Suspend", exact: true }).click();
  await expect(page.getByText("suspended", { exact: true })).toBeVisible();
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(403);
  await page.getByRole("button", { name: "Resume…" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("paid");
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await expect(page.getByRole("button", { name: "Suspend…" })).toBeVisible();
  expect((await spillway.chat(spillway.demo.keys.enterprise)).status).toBe(200);
});

test("another tier needs a reason, is in force for the next call, and can be undone", async ({
  console: page,
  spillway,
}) => {
  await page.goto("/tenants/standard");
  await expect(page.getByText("of 60 requests")).toBeVisible();
  await page.getByRole("button", { name: "Change tier…" }).click();
  const dialog = page.getByRole("dialog", { name: /^Change the tier/ });
  await dialog.getByRole("combobox", { name: "Tier" }).click();
  await page.getByRole("option", { name: "Enterprise" }).click();
  await expect(dialog.getByRole("button", { name: "Change tier" })).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("signed the larger contract");
  await dialog.getByRole("button", { name: "Change tier" }).click();
  // A message stays while the pointer is on it.
  await page.getByRole("button", { name: "Undo" }).hover();
  await expect(page.getByText("of 300 requests")).toBeVisible();
  const answer = await spillway.chat(spillway.demo.keys.standard);
  expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("300");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("of 60 requests")).toBeVisible();
  const { rows } = await spillway.admin<{ rows: { reason: string | null }[] }>("GET", "audit?target=standard&limit=2");
  expect(rows.map((one) => one.reason)).toEqual(["undone: signed the larger contract", "signed the larger contract"]);
});

test("stop a tenant from its page: the page says so, the menu counts the alert, and it can be undone", async ({
  console: page,
  spillway,
}) => {
  const active = async () =>
    (await spillway.admin<{ brakes: { id: string; active: boolean }[] }>("GET", "brakes")).brakes.filter(
      (one) => one.active,
    );
  // A leaked key's brake of another test may still be on.
  for (const { id } of await active()) await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
  const rule = { name: "a brake", severity: "critical", channels: [], watch: { kind: "brake" } };
  const { id } = await spillway.admin<{ id: string }>("POST", "alert-rules", rule);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto("/tenants/free");
  const stop = page.getByRole("button", { name: "Stop…" });
  await expect(stop).toBeInViewport();
  await stop.click();
  const dialog = page.getByRole("dialog", { name: "Stop calls" });
  await dialog.getByRole("textbox", { name: "Reason" }).fill("runaway loop of the tenant");
  await dialog.getByRole("textbox", { name: "Type free to confirm" }).fill("free");
  await dialog.getByRole("button", { name: /^Stop/ }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("stopped by a brake")).toBeVisible();
  expect((await spillway.chat(spillway.demo.keys.free)).status).toBe(503);
  await expect(page.getByRole("link", { name: "1 open alert, 1 critical", exact: true })).toBeVisible();
  await page.setViewportSize({ width: 1440, height: 900 });
  await expect(page.getByRole("link", { name: /^Alerts/ }).getByLabel("1 open alert, 1 critical")).toBeVisible();
  const [brake] = await active();
  await spillway.admin("DELETE", `brakes/${brake?.id}`, { reason: "over" });
  await expect(page.getByText("stopped by a brake")).toHaveCount(0);
  await spillway.admin("DELETE", `alert-rules/${id}`, {});
});

test("grant a boost with a reason and an end; the next call passes, and it is in the audit log, which is intact", async ({
  console: page,
  spillway,
}) => {
  const key = spillway.demo.keys.free;
  const tier = await spillway.admin<{ limits: { name: string; capacity: number }[] }>("GET", "tiers/free");
  const limits = tier.limits.map((limit) =>
    limit.name === "requests-per-minute" ? { ...limit, capacity: 1, refill: 1, windowSeconds: 3600 } : limit,
  );
  await spillway.admin("PUT", "tiers/free", { ...tier, limits });
  await spillway.chat(key);
  expect((await spillway.chat(key)).status).toBe(429);
  await page.goto("/tenants/free");
  await page.getByRole("button", { name: "Change… requests-per-minute for this tenant" }).click();
  await page.getByRole("textbox", { name: "Limit" }).fill("50");
  await page.getByRole("textbox", { name: "Reason" }).fill("launch day, asked for by sales");
  await page.getByRole("button", { name: "Change it" }).click();
  await expect(page.getByRole("region", { name: "Overrides" })).toContainText("launch day");
  expect((await spillway.chat(key)).status).toBe(200);
  await page.getByRole("button", { name: "Remove the override of requests-per-minute: launch day" }).click();
  await expect(page.getByText("launch day, asked for by sales")).toHaveCount(0);
  expect((await spillway.chat(key)).status).toBe(429);

  await page.goto("/audit");
  await expect(page.getByText("intact", { exact: true })).toBeVisible();
  await expect(page.getByRole("region", { name: "Changes" })).toContainText(
    "Set an override: requests-per-minute of Fern Street Florist",
  );
  await expect(page.getByRole("region", { name: "Changes" })).toContainText("launch day, asked for by sales");
  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  const csv = await readFile(await (await saved).path(), "utf8");
  expect(csv.split("\r\n")[0]).toBe("at,seq,actor,role,address,action,target,reason,previousHash,hash,before,after");
  expect(csv).toContain("launch day, asked for by sales");
  await spillway.admin("PUT", "tiers/free", { ...(await spillway.admin("GET", "tiers/free")), limits: tier.limits });
});

test("give a feature a cost class, change what it counts as, and see the next call count so", async ({
  console: page,
  spillway,
}) => {
  const call = () =>
    spillway.chat(spillway.demo.keys.standard, {}, { headers: { "x-spillway-feature": "monthly report" } });
  await page.goto("/tenants/standard");
  await page.getByRole("region", { name: "Cost classes" }).getByRole("button", { name: "Change…" }).click();
  const classes = page.getByRole("dialog", { name: "Cost classes of standard" });
  await classes.getByRole("textbox", { name: "Feature" }).fill("monthly report");
  await classes.getByRole("combobox", { name: "Class" }).click();
  await page.getByRole("option", { name: "L: 4 requests" }).click();
  await classes.getByRole("button", { name: "Set its class" }).click();
  await expect(classes.getByRole("textbox", { name: "Feature" })).toHaveValue("");
  const one = page.getByRole("combobox", { name: "Class of monthly report" });
  // The dialog hides the page behind it from the reader of roles, not from the eye.
  await expect(page.getByLabel("Class of monthly report").first()).toHaveValue("L");
  expect((await call()).headers.get("x-spillway-cost-class")).toBe("L; requests=4");

  await classes.getByRole("textbox", { name: "L, requests", exact: true }).fill("6");
  await classes.getByRole("button", { name: "Save the classes" }).click();
  await expect(one.getByRole("option", { name: "L: 6 requests" })).toBeAttached();
  expect((await call()).headers.get("x-spillway-cost-class")).toBe("L; requests=6");

  await one.selectOption({ label: "No class" });
  await expect.poll(async () => (await call()).headers.get("x-spillway-cost-class")).toBe(null);
});

test("a tenant is not created before there are tiers to choose from", async ({ console: page }) => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/admin/tiers", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto("/tenants");
  await page.getByRole("button", { name: "New tenant" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Early Bird");
  await expect(page.getByRole("button", { name: "Create" })).toBeDisabled();
  release();
  await expect(page.getByRole("button", { name: "Create" })).toBeEnabled();
});

test("the page of a tenant or a tier that does not exist has a title, says so, and leads back to the list", async ({
  console: page,
}) => {
  for (const [path, title, list] of [
    ["/tenants/nobody-at-all", "Tenant nobody-at-all", "All tenants"],
    ["/tiers/nothing-at-all", "Tier nothing-at-all", "All tiers"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1, name: title })).toBeVisible();
    await expect(page.getByRole("alert").getByRole("link", { name: list })).toBeVisible();
  }
});

test("a user of a tenant has a page: what is left, what was used, and a counter that can be reset there", async ({
  console: page,
  spillway,
}) => {
  await ofOneDay();
  const budget = {
    slug: "of-each-user",
    level: "user",
    tenant: "enterprise",
    period: "month",
    amountMicroUsd: 9_000_000,
  };
  const { id } = await spillway.admin<{ id: string }>("POST", "budgets", budget);
  expect((await spillway.chat(spillway.demo.keys.enterprise, { user: "noor/north" })).status).toBe(200);
  await page.goto("/tenants/enterprise/user?name=noor%2Fnorth");
  await expect(page.getByRole("heading", { name: "noor/north" })).toBeVisible();
  const today = new Date().toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" });
  await expect(page.getByRole("region", { name: "By day" })).toContainText(today);
  await expect(page.getByText("End user of Northwind Bank")).toBeVisible();
  const left = page.getByRole("region", { name: "What is left now" });
  await expect(left.getByText("of-each-user")).toBeVisible();
  await expect(left.getByText("calls that name no user")).toHaveCount(0);
  await left.getByRole("button", { name: "Change… requests-per-minute for this tenant" }).click();
  const dialog = page.getByRole("dialog", { name: /requests-per-minute/ });
  await dialog.getByRole("textbox", { name: "Reason" }).fill("forgiven at the user's page");
  await dialog.getByRole("button", { name: "Only reset the counter" }).click();
  await expect(dialog).toHaveCount(0);
  await spillway.admin("GET", "usage?tenant=enterprise&by=model&user=noor", undefined, [400]);
  await page.goto("/tenants/enterprise");
  // Other tests' calls of this month name no user either.
  await expect(left.getByText(/^\$[89]\.\d+ left · .*a budget · for calls that name no user$/)).toBeVisible();
  await spillway.admin("DELETE", `budgets/${id}`, { reason: "only for this test" });
});
