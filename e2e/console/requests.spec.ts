import { expect, test } from "./fixture";

test("a customer's whole error, pasted, explains itself; a request id finds its call", async ({
  console: page,
  spillway,
}) => {
  const key = spillway.demo.keys.loop;
  const refused = await spillway.exhaust(key, "explained");
  await page.goto("/requests");
  await page.getByRole("textbox", { name: "Explain a call" }).fill(`RateLimitError: ${await refused.text()}`);
  const refusal = page.getByRole("region", { name: "The refusal" });
  await expect(refusal).toContainText("user-requests");
  await expect(refusal).toContainText("Used: 10 requests. Requested: 1 request. Allowed: 10 requests.");
  await expect(refusal).toContainText("would have passed");
  await expect(page.getByRole("region", { name: "Where this limit is set" })).toHaveCount(0);

  const good = await spillway.chat(
    spillway.demo.keys.enterprise,
    { max_tokens: 8 },
    { headers: { "x-spillway-feature": "search", "x-spillway-user": "ada" } },
  );
  const id = good.headers.get("x-request-id") ?? "";
  await page.getByRole("textbox", { name: "Explain a call" }).fill(`it was ${id}, this morning`);
  const call = page.getByRole("region", { name: "The call" });
  await expect(call).toContainText(id);
  await expect(call).toContainText("8 output tokens");
  await expect(call).toContainText("user ada");
  await expect(page.getByRole("link", { name: "User ada" })).toHaveAttribute("href", /enterprise\/user\?name=ada$/);
  await expect(call).toContainText("feature search");
  await expect(call).toContainText("as the provider reported");
  const now = page.getByRole("region", { name: "The same call now" });
  await expect(now).toContainText("It would be admitted now");
  await expect(now).toContainText("requests-per-minute");
  await page.getByRole("textbox", { name: "Explain a call" }).fill(`req_${"0".repeat(32)}`);
  await expect(page.getByText("This call is not stored")).toBeVisible();
});

test("a refused call is found by its id: every limit as it met it, what would have passed, and whether it passes now", async ({
  console: page,
  spillway,
}) => {
  await spillway.admin("POST", "tenants", { slug: "brief", name: "Brief Answers", tier: "free" });
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "brief", name: "First" });
  const narrow = {
    tenant: "brief",
    limit: "tokens-per-minute",
    capacity: 400,
    reason: "a trial of short ones",
    expiresInSeconds: 600,
  };
  await spillway.admin("POST", "overrides", narrow);
  const brief = { headers: { "x-spillway-user": "brief" } };
  // Enough of them that no slow machine gives the room back before the next one asks.
  for (let call = 0; call < 6; call++) await spillway.chat(key, { max_tokens: 50 }, brief);
  const refused = await spillway.chat(key, { max_tokens: 380 }, brief);
  expect(refused.status).toBe(429);
  const id = refused.headers.get("x-request-id") ?? "";
  await page.goto(`/requests?id=${id}`);
  const met = page.getByRole("region", { name: "All limits at the time of the call" });
  await expect(met).toContainText("Brief Answers · key First · user brief");
  await expect(page.getByRole("link", { name: "Tenant Brief Answers" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Calls of key First" })).toBeVisible();
  await expect(met).toContainText(/With an answer of at most [\d,]+ tokens? it would have been admitted at once/);
  const [, most = ""] = /at most ([\d,]+) token/.exec((await met.textContent()) ?? "") ?? [];
  await expect(page.getByRole("region", { name: "Where this limit is set" })).toContainText(
    "→ override for Brief Answers: 400 tokens",
  );
  await expect(page.getByRole("region", { name: "The same call now" })).toContainText(
    /It would be (refused|admitted) now/,
  );
  // True to the token: what it says would have passed does, when nobody called since.
  const shorter = await spillway.chat(key, { max_tokens: Number(most.replaceAll(",", "")) }, brief);
  expect(shorter.status).toBe(200);

  await page.goto("/requests?tenant=brief&kind=refused");
  const line = page
    .getByRole("region", { name: "Latest calls" })
    .getByRole("button", { name: /refused: / })
    .first();
  await line.click();
  await expect(page.getByRole("region", { name: "All limits at the time of the call" })).toContainText(id);
  await page.getByRole("link", { name: "Explain this call" }).click();
  await expect(page.getByRole("textbox", { name: "Explain a call" })).toHaveValue(id);
  // The ledger knows users by a digest; the whole name still finds them.
  await page.goto("/requests?tenant=brief&find=brief");
  await expect(
    page
      .getByRole("region", { name: "Latest calls" })
      .getByRole("button", { name: /refused: / })
      .first(),
  ).toBeVisible();
  await page.goto("/requests?tenant=brief&find=brie");
  await expect(page.getByText("No match among the latest thousand calls.")).toBeVisible();
  await page.goto("/requests?tenant=brief&kind=served");
  await expect(page.getByRole("region", { name: "Latest calls" })).toBeVisible();
  await expect(page.getByText("refused: ")).toHaveCount(0);
});

test("a tenant's calls appear as they end, and open to their details", async ({ console: page, spillway }) => {
  await page.goto("/requests");
  await page.getByRole("combobox", { name: "Tenant" }).click();
  await page.getByRole("option", { name: "Northwind Bank" }).click();
  const answer = await spillway.chat(spillway.demo.keys.enterprise, { model: "sim-vision", max_tokens: 7 });
  const line = page
    .getByRole("region", { name: "Latest calls" })
    .getByRole("button", { name: /sim-vision.*7 out/ })
    .first();
  await expect(line).toBeVisible();
  const filter = page.getByRole("textbox", { name: "Filter" });
  await filter.fill("no such thing");
  await expect(page.getByText("No match among the latest thousand calls.")).toBeVisible();
  await filter.fill("sim-vision");
  await expect(page).toHaveURL(/find=sim-vision/);
  await line.click();
  await expect(page.getByText(answer.headers.get("x-request-id") ?? "none")).toBeVisible();
});

test("a refused call is explained, its limit changed right there, and the very next call passes", async ({
  console: page,
  spillway,
}) => {
  await spillway.admin("POST", "tenants", { slug: "stuck", name: "Stuck", tier: "free" });
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", { tenant: "stuck", name: "own" });
  const narrow = { tenant: "stuck", limit: "requests-per-minute", capacity: 1, refill: 1, reason: "one a minute" };
  await spillway.admin("POST", "overrides", { ...narrow, expiresInSeconds: 3600 });
  await spillway.chat(key);
  const refused = await spillway.chat(key);
  expect(refused.status).toBe(429);
  await page.goto(`/requests?id=${refused.headers.get("x-request-id")}`);
  const now = page.getByRole("region", { name: "The same call now" });
  await now.getByRole("button", { name: "Change… requests-per-minute for this tenant" }).click();
  const dialog = page.getByRole("dialog", { name: "Change requests-per-minute for this tenant" });
  await dialog.getByRole("textbox", { name: "Limit" }).fill("50");
  await dialog.getByRole("textbox", { name: "Reason" }).fill("a customer on the phone");
  await dialog.getByRole("button", { name: "Change it" }).click();
  await expect(dialog).toHaveCount(0);
  expect((await spillway.chat(key)).status).toBe(200);
});
