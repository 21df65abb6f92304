import { RedisServer } from "../../fixtures/redis-server";
import { Spillway } from "../../fixtures/spillway";
import { expect, runsWhenOpen, signIn, test } from "../fixture";

test("while the store is away every page says so, since when, and how limits behave meanwhile", async ({ browser }) => {
  const redis = await RedisServer.run();
  const spillway = await Spillway.run({ REDIS_URL: redis.url });
  const context = await browser.newContext({ baseURL: spillway.baseUrl });
  const page = runsWhenOpen(await context.newPage());
  await signIn(page, spillway);
  const banner = page.getByRole("alert", { name: "The shared store is away" });
  await expect(page.getByRole("status", { name: "Data is live" })).toBeVisible();
  await expect(banner).toHaveCount(0);
  await redis.stop();
  await expect(banner).toContainText(
    /1 of 1 process cannot reach it since \d\d:\d\d:\d\d\. \d+ limits? \((local|closed|open)\): /,
  );
  await page.goto("/tenants/free");
  await expect(banner).toBeVisible();
  await context.close();
  await spillway.stop();
});
