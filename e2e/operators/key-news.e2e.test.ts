import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import type { Spillway } from "../fixtures/spillway";

const CHAT = { model: "sim-small", max_tokens: 4, messages: [{ role: "user", content: "hello" }] };
const COUNT = { model: "sim-small", messages: CHAT.messages };

describe.each(["own", "next"])("what was changed elsewhere, behind the door: %s", (door) => {
  let fleet: Fleet;
  let a: Spillway;
  let b: Spillway;
  beforeAll(async () => {
    fleet = await Fleet.run(2, { SPILLWAY_DOOR: door, EXPECTED_INSTANCES: "2" });
    const [first, second] = fleet.processes;
    if (first === undefined || second === undefined) throw new Error("two processes were asked for");
    [a, b] = [first, second];
  });
  afterAll(() => fleet.stop());

  let made = 0;
  async function tenantWithKey(): Promise<{ tenant: string; id: string; key: string }> {
    const tenant = `news-${++made}`;
    await a.admin("POST", "tenants", { slug: tenant, name: tenant, tier: "enterprise" });
    return { tenant, ...(await a.admin<{ id: string; key: string }>("POST", "keys", { tenant, name: "one" })) };
  }

  test("a new tenant's key and a new model are good at once everywhere, however many come", async () => {
    for (let round = 0; round < 20; round++) {
      const { key } = await tenantWithKey();
      expect((await b.chat(key)).status).toBe(200);
    }
    const { key } = await tenantWithKey();
    await a.admin("PUT", "models/new-model", {
      provider: "simulator",
      upstreamName: "sim-small",
      contextTokens: 8000,
      maxOutputTokens: 100,
      defaultOutputTokens: 16,
      price: { inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 1 },
    });
    expect((await b.chat(key, { model: "new-model" })).status).toBe(200);
    await a.admin("PUT", "models/newer-model", {
      provider: "simulator",
      upstreamName: "sim-small",
      contextTokens: 8000,
      maxOutputTokens: 100,
      defaultOutputTokens: 16,
      price: { inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 1 },
    });
    expect((await get(b, "/v1/models/newer-model", key)).status).toBe(200);
  });

  type Change = (of: { tenant: string; id: string }) => Promise<unknown>;
  const changes: readonly [string, string, Change][] = [
    ["is revoked", "invalid_api_key", ({ id }) => a.admin("POST", `keys/${id}/revoke`, { reason: "gone" })],
    ["may use other models only", "model_not_allowed", ({ id }) => a.admin("PATCH", `keys/${id}`, { models: ["x"] })],
    ["may come from elsewhere only", "ip_not_allowed", ({ id }) => a.admin("PATCH", `keys/${id}`, { ipAllow: FAR })],
    [
      "is of a suspended tenant",
      "tenant_suspended",
      ({ tenant }) => a.admin("PATCH", `tenants/${tenant}`, { status: "suspended", reason: "unpaid" }),
    ],
  ];
  test.each(changes)("a key that %s while its body arrives is refused: %s", async (_name, code, change) => {
    for (const at of [a, b]) {
      const caller = await tenantWithKey();
      expect((await at.chat(caller.key)).status).toBe(200);
      const running = await Promise.all([
        half(at, "/v1/chat/completions", caller.key, CHAT),
        half(at, "/v1/messages/count_tokens", caller.key, COUNT),
      ]);
      // Its own call is answered after the halves have come in.
      expect((await at.chat(caller.key)).status).toBe(200);
      await change(caller);
      for (const rest of running) expect(await rest()).toContain(code);
      expect((await a.ledger(caller.tenant)).rows.length).toBeLessThanOrEqual(2);
    }
  });

  test("a revoked key is refused where nothing is admitted, too", async () => {
    const caller = await tenantWithKey();
    const once = { headers: { "idempotency-key": "once" } };
    expect((await b.chat(caller.key, {}, once)).status).toBe(200);
    expect((await b.chat(caller.key, {}, once)).status).toBe(409);
    await a.admin("POST", `keys/${caller.id}/revoke`, { reason: "gone" });
    const answers = await Promise.all([
      b.chat(caller.key, {}, once),
      ...["/v1/models", "/v1/quota", "/v1/models/sim-small", "/v1/refusals/req_1"].map((path) =>
        get(b, path, caller.key),
      ),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401, 401, 401]);
  });
});

const FAR = ["10.0.0.0/8"];

function get(at: Spillway, path: string, key: string): Promise<Response> {
  return fetch(`${at.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
}

/** Sends a call but for its last byte. Resolves once that is out, with how to send the rest and read the answer. */
async function half(at: Spillway, path: string, key: string, body: object): Promise<() => Promise<string>> {
  const text = JSON.stringify(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(at.baseUrl).host}`,
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    `content-length: ${text.length}`,
    "connection: close",
  ].join("\r\n");
  const socket = net.connect(Number(new URL(at.baseUrl).port), "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  const closed = new Promise<void>((resolve, reject) => socket.once("close", resolve).once("error", reject));
  await new Promise((resolve) => socket.write(`${head}\r\n\r\n${text.slice(0, -1)}`, resolve));
  return async () => {
    socket.write(text.slice(-1));
    await closed;
    return answer;
  };
}
