import { expect, test } from "./fixture";

test("a customer's whole error, pasted, explains itself; a request id finds its call", async ({
  console: page,
  spillway,
}) => {
  const key = spillway.demo.keys.loop;
  const send = () => spillway.chat(key, {}, { headers: { "x-spillway-user": "explained" } });
  for (let call = 0; call < 10; call++) await send();
  const refused = await send();
  expect(refused.status).toBe(429);
  await page.goto("/requests");
  await page.getByRole("textbox", { name: "Explain a call" }).fill(`RateLimitError: ${await refused.text()}`);
  const refusal = page.getByRole("region", { name: "The refusal" });
  await expect(refusal).toContainText("user-requests");
  await expect(refusal).toContainText(
    "10 requests were used and 1 request were asked for: 11 requests in all, where 10 requests are allowed.",
  );
  await expect(refusal).toContainText("would have passed");
  await expect(page.getByRole("region", { name: "Where this limit is set" })).toHaveCount(0);

  const good = await spillway.chat(
    spillway.demo.keys.enterprise,
    { max_tokens: 8 },
    { headers: { "x-spillway-feature": "search" } },
  );
  const id = good.headers.get("x-request-id") ?? "";
  await page.getByRole("textbox", { name: "Explain a call" }).fill(`it was ${id}, this morning`);
  const call = page.getByRole("region", { name: "The call" });
  await expect(call).toContainText(id);
  await expect(call).toContainText("8 output tokens");
  await expect(call).toContainText("feature search");
  await expect(call).toContainText("as the provider reported");
  await expect(call.getByRole("region", { name: "What its caller has left now" })).toContainText("requests-per-minute");
  await page.getByRole("textbox", { name: "Explain a call" }).fill(`req_${"0".repeat(32)}`);
  await expect(page.getByText("No such call in the books")).toBeVisible();
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
  await expect(page.getByText("None of the latest calls is like that.")).toBeVisible();
  await filter.fill("sim-vision");
  await expect(page).toHaveURL(/find=sim-vision/);
  await line.click();
  await expect(page.getByText(answer.headers.get("x-request-id") ?? "none")).toBeVisible();
});
