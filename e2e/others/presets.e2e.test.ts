import { createHash, createHmac, createVerify, generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, type Came, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let upstream: Scripted;
beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => void upstream.came.splice(0));

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const CHAT = {
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "m",
  usage,
  choices: [{ index: 0, message: { role: "assistant", content: "water" }, finish_reason: "stop" }],
};
const MESSAGE = {
  id: "m",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "water" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 5 },
};

/** What no preset has a quirk for. Its spaces and digits show whether the bytes arrive. */
const AS_SENT = String.raw`"messages" : [ {"role": "user", "content": "h\u0065llo"} ],
  "vendors_own": {"bound": 18446744073709551615, "rate": 1.50}`;

/** One call of a preset that stands at the scripted upstream; what came there. */
async function call(
  preset: string,
  more: { readonly path: string; readonly credential?: string; readonly dialect?: string; readonly stream?: boolean },
): Promise<Came> {
  const { path, dialect = "openai", credential = "scripted-upstream-key", stream = false } = more;
  const name = `as-${preset}${stream ? "-stream" : ""}`;
  const baseUrl = `${upstream.url}${path}`;
  await upstream.serve(spillway, name, { preset, dialect, baseUrl, credential, coolsDown: false });
  const isAnthropic = dialect === "anthropic";
  upstream.play = answering(200, isAnthropic ? MESSAGE : CHAT);
  const answer = await fetch(`${spillway.baseUrl}/v1/${isAnthropic ? "messages?beta=true" : "chat/completions"}`, {
    method: "POST",
    headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
    body: `{"model": "${name}", "max_tokens": 64, ${AS_SENT}, "stream": ${stream}}`,
  });
  expect([answer.status, (await answer.text()).includes("water")]).toEqual([200, true]);
  expect(await until("its row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""))).toMatchObject({
    ending: "complete",
    costMicroUsd: 35,
  });
  const came = upstream.came.at(-1);
  if (came === undefined) throw new Error("nothing came");
  expect(came.text).toContain(AS_SENT);
  return came;
}

describe("each kind of provider gets its calls where and as it wants them", () => {
  test.each([
    ["openai", "/v1"],
    ["gemini", "/v1beta/openai"],
    ["openrouter", "/api/v1"],
    ["groq", "/openai/v1"],
    ["mistral", "/v1"],
    ["deepseek", "/v1"],
    ["xai", "/v1"],
    ["fireworks", "/inference/v1"],
    ["together", "/v1"],
    ["vllm", "/v1"],
    ["ollama", "/v1"],
  ])("%s: a bearer token at the dialect's path", async (preset, path) => {
    const came = await call(preset, { path });
    expect([came.path, came.headers.authorization]).toEqual([
      `${path}/chat/completions`,
      "Bearer scripted-upstream-key",
    ]);
    const { max_tokens, max_completion_tokens } = upstream.sent();
    expect(preset === "openai" ? max_completion_tokens : max_tokens).toBe(64);
  });

  test("anthropic: its own header and version", async () => {
    const came = await call("anthropic", { path: "/v1", dialect: "anthropic" });
    expect([came.path, came.headers["x-api-key"], came.headers["anthropic-version"]]).toEqual([
      ...["/v1/messages?beta=true", "scripted-upstream-key", "2023-06-01"],
    ]);
  });

  test("azure: its own header, and the deployment as the model or in the path with the API's date", async () => {
    const v1 = await call("azure", { path: "/openai/v1" });
    expect([v1.path, v1.headers["api-key"], v1.headers.authorization]).toEqual([
      ...["/openai/v1/chat/completions", "scripted-upstream-key", undefined],
    ]);
    const dated = await call("azure-deployments", { path: "/openai/deployments?api-version=2024-10-21" });
    expect([dated.path, dated.headers["api-key"]]).toEqual([
      "/openai/deployments/up-model/chat/completions?api-version=2024-10-21",
      "scripted-upstream-key",
    ]);
    expect(upstream.sent()).toMatchObject({ max_completion_tokens: 64 });
  });
});

describe("amazon bedrock", () => {
  const key = { accessKeyId: "AKIATESTTEST", secretAccessKey: "very-secret-access-key", sessionToken: "session" };

  test.each([
    ["bedrock", "openai", "/openai/v1", "/openai/v1/chat/completions"],
    ["bedrock-anthropic", "anthropic", "/anthropic/v1", "/anthropic/v1/messages?beta=true"],
  ])("%s: the call is signed, and the secret is not sent", async (preset, dialect, path, whole) => {
    const credential = JSON.stringify({ ...key, region: "eu-central-1" });
    const came = await call(preset, { path, dialect, credential });
    expect(came.path).toBe(whole);
    expect(came.headers.authorization).toBe(signed(came, key.secretAccessKey));
    expect(came.headers["x-amz-security-token"]).toBe("session");
    expect(JSON.stringify(came)).not.toContain("very-secret");
  });

  test("a Bedrock API key goes as a bearer token", async () => {
    const came = await call("bedrock", { path: "/openai/v1", credential: "bedrock-api-key-text" });
    expect(came.headers.authorization).toBe("Bearer bedrock-api-key-text");
  });

  test("the parts of a key do not show in an error, and a key that is none reaches nobody", async () => {
    const credential = JSON.stringify({ ...key, region: "eu-central-1" });
    const at = { preset: "bedrock", baseUrl: `${upstream.url}/openai/v1`, coolsDown: false };
    await upstream.serve(spillway, "bedrock-error", { ...at, credential });
    upstream.play = answering(403, { message: `bad signature for ${key.accessKeyId}, ${key.secretAccessKey}` });
    const chat = (model: string) =>
      fetch(`${spillway.baseUrl}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
        body: JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] }),
      });
    const text = await (await chat("bedrock-error")).text();
    expect(text).not.toMatch(/AKIATEST|very-secret/);
    upstream.came.splice(0);
    await upstream.serve(spillway, "bedrock-wrong", { ...at, credential: '{"accessKeyId": "AKIA"}' });
    const wrong = await chat("bedrock-wrong");
    expect([wrong.status, (await wrong.json()).error.code]).toEqual([502, "upstream_auth"]);
    expect(upstream.came).toEqual([]);
  });
});

describe("google vertex", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const file = () => ({
    type: "service_account",
    client_email: "gateway@project.iam.gserviceaccount.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: `${upstream.url}/token`,
  });
  const path = "/v1/projects/p/locations/us-east5/publishers/anthropic/models";

  /** Gives a token for a proof that is sound, and answers calls with it. */
  function playGoogle(answer: object) {
    upstream.play = (response, came) => {
      const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
      if (came.path !== "/token") answering(200, answer)(response, came);
      else if (claimsOf(came.text, pem) === null) answering(400, { error: "invalid_grant" })(response, came);
      else answering(200, { access_token: "ya29.token", expires_in: 3600 })(response, came);
    };
  }

  async function send(model: string, endpoint: string, body: object) {
    const answer = await fetch(`${spillway.baseUrl}/v1/${endpoint}`, {
      method: "POST",
      headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
      body: JSON.stringify({ model, max_tokens: 64, messages: [{ role: "user", content: "hello" }], ...body }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  test("gemini: a token for a service account's proof is fetched once for many calls, and sent", async () => {
    const at = { preset: "vertex", baseUrl: `${upstream.url}/v1/endpoints/openapi`, coolsDown: false };
    await upstream.serve(spillway, "vertex-gemini", { ...at, credential: JSON.stringify(file()) });
    playGoogle(CHAT);
    const answers = await Promise.all([1, 2, 3].map(() => send("vertex-gemini", "chat/completions", {})));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const calls = upstream.came.filter((came) => came.path !== "/token");
    expect(calls.map((came) => [came.path, came.headers.authorization])).toEqual(
      [1, 2, 3].map(() => ["/v1/endpoints/openapi/chat/completions", "Bearer ya29.token"]),
    );
    expect(upstream.came.length - calls.length).toBe(1);
  });

  test("claude: the model stands in the path, Google's version in the body", async () => {
    const at = {
      preset: "vertex-anthropic",
      dialect: "anthropic",
      baseUrl: `${upstream.url}${path}`,
      coolsDown: false,
    };
    await upstream.serve(spillway, "vertex-claude", { ...at, credential: JSON.stringify(file()) });
    playGoogle(MESSAGE);
    expect(await send("vertex-claude", "messages", {})).toMatchObject({ status: 200 });
    expect([upstream.came.at(-1)?.path, upstream.sent()]).toEqual([
      `${path}/up-model:rawPredict`,
      expect.objectContaining({ anthropic_version: "vertex-2023-10-16", max_tokens: 64 }),
    ]);
    expect(upstream.sent()).not.toHaveProperty("model");
    await send("vertex-claude", "messages", { stream: true });
    expect(upstream.came.at(-1)?.path).toBe(`${path}/up-model:streamRawPredict`);
    playGoogle({ input_tokens: 7 });
    await send("vertex-claude", "messages/count_tokens", {});
    expect([upstream.came.at(-1)?.path, upstream.sent().model]).toEqual([
      `${path}/count-tokens:rawPredict`,
      "up-model",
    ]);
  });

  test("without a token the call fails as one that was not let in, and shows no key", async () => {
    const at = { preset: "vertex", baseUrl: `${upstream.url}/v1/endpoints/openapi`, coolsDown: false };
    const other = { ...file(), client_email: "other@project.iam.gserviceaccount.com" };
    await upstream.serve(spillway, "vertex-refused", { ...at, credential: JSON.stringify(other) });
    upstream.play = answering(400, { error: "invalid_grant" });
    const { status, text } = await send("vertex-refused", "chat/completions", {});
    expect([status, JSON.parse(text).error.code]).toEqual([502, "upstream_auth"]);
    expect(text).not.toMatch(/PRIVATE KEY|gserviceaccount/);
  });
});

/** The claims of a proof whose signature is right; null = it is not. */
function claimsOf(form: string, publicKey: string): unknown {
  const assertion = new URLSearchParams(form).get("assertion") ?? "";
  const [head = "", claims = "", signature = ""] = assertion.split(".");
  const isRight = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url");
  return isRight ? JSON.parse(Buffer.from(claims, "base64url").toString()) : null;
}

/** The authorization that AWS would find right for what came, from the secret that both sides know. */
function signed({ headers, path, text }: Came, secret: string): string {
  const [, access = "", day = "", region = ""] =
    /Credential=(\w+)\/(\d+)\/([\w-]+)\//.exec(headers.authorization ?? "") ?? [];
  const hash = (data: string) => createHash("sha256").update(data).digest("hex");
  const hmac = (key: Buffer | string, data: string) => createHmac("sha256", key).update(data).digest();
  const names = ["host", "x-amz-date", "x-amz-security-token"];
  const [plain = "", query = ""] = path.split("?");
  const request = [
    "POST",
    plain,
    query,
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    hash(text),
  ];
  const scope = `${day}/${region}/bedrock/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hash(request.join("\n"))].join("\n");
  const key = [day, region, "bedrock", "aws4_request"].reduce<Buffer | string>(hmac, `AWS4${secret}`);
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  return `AWS4-HMAC-SHA256 Credential=${access}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
}
