import http from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Spillway } from "../fixtures/spillway";

/** Where nothing listens; one that is free now may be taken by then. */
const NOBODYS_PORT = 9;
const LIMIT = 5;
const TRIES = 12;

let spillway: Spillway;
let upstream: http.Server;
let port = 0;
let seen = 0;
let play: (response: http.ServerResponse) => unknown = (response) => response.end();

beforeAll(async () => {
  spillway = await Spillway.run();
  upstream = http.createServer((request, response) => {
    request.resume().on("end", () => {
      seen += 1;
      play(response);
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(async () => {
  await spillway.stop();
  upstream.closeAllConnections();
  upstream.close();
});

const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}) =>
  (response: http.ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end('{"error":{"message":"no"}}');
  };

test.each<[string, (response: http.ServerResponse) => unknown, number?, string?]>([
  ["400", answering(400)],
  ["401", answering(401)],
  // After four in a row it is left alone, for as long as it says: unsaid it would be a second, which a slow machine needs.
  ["429", answering(429, { "retry-after": "60" }), 4, "upstream_rate_limited"],
  ["500", answering(500)],
  ["a cut connection", (response: http.ServerResponse) => response.destroy()],
  ["silence", () => undefined],
  [
    "half an answer",
    (response: http.ServerResponse) => {
      response.writeHead(200, { "content-type": "application/json" }).write('{"id":');
      setImmediate(() => response.destroy());
    },
  ],
  [
    "something that is no answer",
    (response: http.ServerResponse) => response.writeHead(200, { "content-type": "application/json" }).end("{}"),
  ],
])(
  "a provider that answers every call with %s is not sent more calls than the limit",
  async (name, plays, sent = LIMIT, refusal = "rate_limit_exceeded") => {
    play = plays;
    const slug = `fails-${name.replaceAll(" ", "-")}`;
    // A second is too short a wait for the others on a busy machine.
    await serveFrom(port, slug, name === "silence" ? { answerSeconds: 1 } : {});
    const key = await keyOf(slug);
    seen = 0;
    const answers = [];
    for (let attempt = 0; attempt < TRIES; attempt++) answers.push(await call(key, slug));
    expect(seen).toBe(sent);
    expect(answers.slice(sent).map(({ code }) => code)).toEqual(Array(TRIES - sent).fill(refusal));
    const quota = await spillway.quota(key);
    expect(quota.find((line) => line.name === "tokens-per-minute")?.used).toBe(0);
    expect(quota.find((line) => line.name === "concurrent-calls")?.used).toBe(0);
  },
);

test("a provider that nobody can reach costs no request", async () => {
  await serveFrom(NOBODYS_PORT, "unreachable");
  const key = await keyOf("unreachable");
  for (let attempt = 0; attempt <= LIMIT; attempt++) {
    expect(await call(key, "unreachable")).toMatchObject({ code: "upstream_error" });
  }
  expect((await spillway.quota(key)).find((line) => line.name === "requests-per-minute")?.used).toBe(0);
});

async function serveFrom(port: number, slug: string, more: { readonly answerSeconds?: number } = {}): Promise<void> {
  const baseUrl = `http://127.0.0.1:${port}/v1`;
  const provider = { name: slug, dialect: "openai", baseUrl, allowLocal: true, credential: "scripted-upstream-key" };
  await spillway.admin("PUT", `providers/${slug}`, { ...provider, ...more });
  const price = { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 1_000_000 };
  const sizes = { contextTokens: 100_000, maxOutputTokens: 4096, defaultOutputTokens: 16 };
  await spillway.admin("PUT", `models/${slug}`, {
    provider: slug,
    upstreamName: "up-model",
    ...sizes,
    price: { ...price, cachedInputMicroUsdPerMillion: 1_000_000 },
  });
}

/** A tenant of its own that may send so many requests, of which next to none comes back while the test runs. */
async function keyOf(tenant: string): Promise<string> {
  await spillway.admin("POST", "tenants", { slug: tenant, name: tenant, tier: "enterprise" });
  await spillway.admin("POST", "overrides", {
    tenant,
    limit: "requests-per-minute",
    capacity: LIMIT,
    refill: 1,
    reason: "for the test",
    expiresInSeconds: 3600,
  });
  return (await spillway.admin<{ key: string }>("POST", "keys", { tenant, name: "one" })).key;
}

async function call(key: string, model: string): Promise<{ status: number; code: string | undefined }> {
  const answer = await spillway.chat(key, { model });
  const body = await answer.json();
  return { status: answer.status, code: body.error?.code };
}
