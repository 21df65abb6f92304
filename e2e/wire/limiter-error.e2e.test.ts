import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { RedisServer } from "../fixtures/redis-server";
import { Spillway } from "../fixtures/spillway";

test("a counter that no script can read refuses the call as limiter_error, in both dialects", async () => {
  const redis = await RedisServer.run();
  onTestFinished(() => redis.stop());
  const spillway = await Spillway.run({ REDIS_URL: redis.url });
  onTestFinished(() => spillway.stop());
  const ask = (path: string) =>
    fetch(`${spillway.baseUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${spillway.demo.keys.loop}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "sim-small", max_tokens: 20, messages: [{ role: "user", content: "hi" }] }),
    });
  expect((await ask("/v1/chat/completions")).status).toBe(200);
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  const counters = await admin.keys("*}c*");
  expect(counters).not.toEqual([]);
  for (const key of counters) await admin.set(key, "garbage", "KEEPTTL");

  const chat = await ask("/v1/chat/completions");
  expect([chat.status, (await chat.json()).error]).toMatchObject([
    500,
    { type: "server_error", code: "limiter_error" },
  ]);
  const messages = await ask("/v1/messages");
  expect([messages.status, (await messages.json()).error]).toMatchObject([
    500,
    { type: "api_error", details: { error_code: "limiter_error" } },
  ]);
});
