import OpenAI, { toFile } from "openai7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let upstream: Scripted;
let client: OpenAI;
beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
  await upstream.serve(spillway, "up", { coolsDown: false });
  await upstream.serve(spillway, "claude", { dialect: "anthropic", coolsDown: false });
  await priced("by-piece", { image: 40_000, second: 100, character: 15, search: 2000 });
  client = new OpenAI({ apiKey: spillway.demo.keys.enterprise, baseURL: `${spillway.baseUrl}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => void upstream.came.splice(0));

/** A model that costs nothing by its tokens, and so many micro-dollars by the piece. */
const priced = (name: string, feesMicroUsd: Readonly<Record<string, number>>) =>
  spillway.admin("PUT", `models/${name}`, {
    provider: "up",
    upstreamName: "up-model",
    contextTokens: 400_000,
    maxOutputTokens: 4096,
    defaultOutputTokens: 1024,
    price: { inputMicroUsdPerMillion: 0, outputMicroUsdPerMillion: 0, feesMicroUsd },
  });

const rowOf = (response: Response) =>
  until("its row", () => spillway.ledgerRow(response.headers.get("x-request-id") ?? ""));

const post = (path: string, body: object, key = spillway.demo.keys.enterprise) =>
  fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const USAGE = { input_tokens: 100, output_tokens: 20, total_tokens: 120 };

describe("tokens", () => {
  test("of a completion are billed, whole and streamed, with the cap and the provider's name of the model", async () => {
    const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
    const choices = [{ index: 0, text: "water", finish_reason: "stop", logprobs: null }];
    upstream.play = answering(200, { id: "c", object: "text_completion", model: "up-model", choices, usage });
    const whole = await client.completions
      .create({ model: "up", prompt: "What flows?", max_tokens: 50 })
      .withResponse();
    expect([whole.data.choices[0]?.text, whole.data.model]).toEqual(["water", "up"]);
    expect(upstream.came[0]?.path).toBe("/v1/completions");
    expect(upstream.sent()).toEqual({ model: "up-model", prompt: "What flows?", max_tokens: 50 });
    expect(await rowOf(whole.response)).toMatchObject({
      endpoint: "completions",
      costMicroUsd: 200,
      ending: "complete",
    });

    const event = (value: object) => `data: ${JSON.stringify({ id: "c", model: "up-model", ...value })}\n\n`;
    upstream.play = answering(200, `${event({ choices })}${event({ choices: [], usage })}data: [DONE]\n\n`, {
      "content-type": "text/event-stream",
    });
    const asked = client.completions.create({ model: "up", prompt: "What flows?", stream: true });
    const { data, response } = await asked.withResponse();
    const texts: unknown[] = [];
    for await (const chunk of data) texts.push(chunk.choices[0]?.text);
    expect(texts).toEqual(["water"]);
    expect(upstream.sent()).toMatchObject({ max_tokens: 1024, stream_options: { include_usage: true } });
    expect(await rowOf(response)).toMatchObject({ costMicroUsd: 200, stream: true });
  });

  test("of a compaction are billed, and its items pass as they are", async () => {
    const output = [{ type: "compaction", id: "cmp_1", encrypted_content: "opaque" }];
    const answer = { id: "resp_1", object: "response.compaction", created_at: 1, output, usage: USAGE };
    upstream.play = answering(200, answer);
    const sent = { model: "up", input: [{ type: "compaction_trigger" }], new_member: 1 };
    const response = await post("/v1/responses/compact", sent);
    expect(await response.json()).toEqual(answer);
    expect([upstream.came[0]?.path, upstream.sent()]).toEqual([
      "/v1/responses/compact",
      { ...sent, model: "up-model" },
    ]);
    expect(await rowOf(response)).toMatchObject({ endpoint: "responses_compact", costMicroUsd: 200 });
  });

  test("are counted for nothing", async () => {
    upstream.play = answering(200, { object: "response.input_tokens", input_tokens: 77 });
    const counted = await client.responses.inputTokens.count({ model: "up", input: "hello" }).withResponse();
    expect([counted.data.input_tokens, upstream.came[0]?.path]).toEqual([77, "/v1/responses/input_tokens"]);
    const row = await rowOf(counted.response);
    expect(row).toMatchObject({ endpoint: "responses_input_tokens", costMicroUsd: 0, inputTokens: 0 });
  });

  test("of a moderation are billed as they are counted here, as nobody reports them", async () => {
    const results = [{ flagged: false }];
    upstream.play = answering(200, { id: "modr", model: "up-model", results });
    const asked = await client.moderations.create({ model: "up", input: "water ".repeat(100) }).withResponse();
    expect([asked.data.model, asked.data.results]).toEqual(["up", results]);
    const row = await rowOf(asked.response);
    expect(row).toMatchObject({ endpoint: "moderations", usageSource: "counted", outputTokens: 0 });
    expect(row.inputTokens).toBeGreaterThan(90);
    expect(row.costMicroUsd).toBe(row.inputTokens);
  });
});

describe("pieces", () => {
  test("pictures are billed by the picture, or by their tokens where the model has a price of those", async () => {
    const data = [{ b64_json: "AAAA" }, { b64_json: "BBBB" }];
    upstream.play = answering(200, { created: 1, data });
    const drawn = await client.images.generate({ model: "by-piece", prompt: "a weir", n: 2 }).withResponse();
    expect([drawn.data.data?.length, upstream.came[0]?.path]).toEqual([2, "/v1/images/generations"]);
    expect(await rowOf(drawn.response)).toMatchObject({ endpoint: "images", costMicroUsd: 80_000 });
    upstream.play = answering(200, { created: 1, data, usage: USAGE });
    const tokens = await client.images.generate({ model: "up", prompt: "a weir" }).withResponse();
    expect(await rowOf(tokens.response)).toMatchObject({ costMicroUsd: 200, usageSource: "provider" });
  });

  test("pictures and transcripts come as streams, and are billed when their last event is there", async () => {
    const events = (...all: readonly Readonly<Record<string, unknown>>[]) =>
      answering(200, all.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join(""), {
        "content-type": "text/event-stream",
      });
    upstream.play = events(
      { type: "image_generation.partial_image", b64_json: "AA", partial_image_index: 0 },
      { type: "image_generation.completed", b64_json: "AAAA", usage: USAGE },
    );
    const types: string[] = [];
    const asked = { model: "by-piece", prompt: "a river", stream: true, partial_images: 1 } as const;
    const { data, response } = await client.images.generate(asked).withResponse();
    for await (const event of data) types.push(event.type);
    expect(types).toEqual(["image_generation.partial_image", "image_generation.completed"]);
    expect(upstream.sent()).toMatchObject({ stream: true, partial_images: 1 });
    expect(await rowOf(response)).toMatchObject({ endpoint: "images", costMicroUsd: 40_000, ending: "complete" });

    upstream.play = events(
      { type: "transcript.text.delta", delta: "Water" },
      { type: "transcript.text.done", text: "Water", usage: { type: "duration", seconds: 7 } },
    );
    const file = await toFile(Buffer.alloc(9000), "a.mp3");
    const heard = await client.audio.transcriptions.create({ model: "by-piece", file, stream: true }).withResponse();
    const texts: string[] = [];
    for await (const event of heard.data) texts.push(event.type);
    expect(texts).toEqual(["transcript.text.delta", "transcript.text.done"]);
    expect(await rowOf(heard.response)).toMatchObject({ endpoint: "transcriptions", costMicroUsd: 700 });

    // A model that answers whole in any case.
    upstream.play = answering(200, { text: "Water", usage: { type: "duration", seconds: 7 } });
    const whole = await client.audio.transcriptions.create({ model: "by-piece", file, stream: true }).withResponse();
    for await (const event of whole.data) texts.push(event.type);
    expect(texts.at(-1)).toBe("transcript.text.done");
    expect(await rowOf(whole.response)).toMatchObject({ costMicroUsd: 700, stream: true });
  });

  test("a picture's edit is a form, of which only the model's name changes", async () => {
    upstream.play = answering(200, { created: 1, data: [{ b64_json: "AAAA" }] });
    const image = await toFile(Buffer.from([0x89, 0x50, 0, 13, 10, 45, 45, 13, 10]), "a.png", { type: "image/png" });
    const asked = await client.images.edit({ model: "by-piece", prompt: "mehr Wasser €", image }).withResponse();
    const [came] = upstream.came;
    expect([came?.path, came?.headers["content-type"]]).toEqual([
      "/v1/images/edits",
      expect.stringMatching(/^multipart\/form-data; ?boundary=/),
    ]);
    expect(came?.text).toMatch(/name="model"\r\n\r\nup-model\r\n/);
    expect(came?.text).toContain("mehr Wasser €");
    expect(await rowOf(asked.response)).toMatchObject({ endpoint: "image_edits", costMicroUsd: 40_000 });
  });

  test.each([
    ["by seconds", { text: "water", usage: { type: "duration", seconds: 61.2 } }, 6200],
    ["by the length of the sound", { text: "water", duration: 10, segments: [] }, 1000],
  ])("a transcription is billed %s", async (_how, answer, costMicroUsd) => {
    upstream.play = answering(200, answer);
    const file = await toFile(Buffer.alloc(64_000), "a.mp3");
    const asked = await client.audio.transcriptions.create({ model: "by-piece", file }).withResponse();
    expect([asked.data, upstream.came[0]?.path]).toEqual([answer, "/v1/audio/transcriptions"]);
    expect(await rowOf(asked.response)).toMatchObject({ endpoint: "transcriptions", costMicroUsd });
  });

  test("a long sound is billed to its end", async () => {
    upstream.play = answering(200, { text: "water", usage: { type: "duration", seconds: 150 } });
    const sound = await toFile(Buffer.alloc(300_000, 1), "long.mp3");
    const asked = await client.audio.transcriptions.create({ model: "by-piece", file: sound }).withResponse();
    expect(await rowOf(asked.response)).toMatchObject({ costMicroUsd: 15_000 });
  });

  test("a transcription is billed by tokens where the provider reports them, and its text passes as text", async () => {
    const file = await toFile(Buffer.alloc(8192), "a.mp3");
    const usage = { type: "tokens", ...USAGE, input_token_details: { text_tokens: 0, audio_tokens: 100 } };
    upstream.play = answering(200, { text: "water", usage });
    const told = await client.audio.transcriptions.create({ model: "up", file }).withResponse();
    expect(await rowOf(told.response)).toMatchObject({ costMicroUsd: 200, usageSource: "provider" });
    const captions = "1\n00:00:00,000 --> 00:00:01,000\nwater\n";
    upstream.play = answering(200, captions, { "content-type": "text/plain; charset=utf-8" });
    const asked = client.audio.transcriptions.create({ model: "by-piece", file, response_format: "srt" });
    const { data, response } = await asked.withResponse();
    expect(data).toBe(captions);
    // 8 KiB are held at 2 s, and nobody says anything else.
    expect(await rowOf(response)).toMatchObject({ costMicroUsd: 200, usageSource: "counted" });
    // Plain text has no report, so it is read as JSON.
    upstream.play = answering(200, { text: "water", usage: { type: "duration", seconds: 61.2 } });
    const plain = client.audio.transcriptions.create({ model: "by-piece", file, response_format: "text" });
    const given = await plain.withResponse();
    expect([given.data, given.response.headers.get("content-type")]).toEqual(["water\n", "text/plain; charset=utf-8"]);
    expect(await rowOf(given.response)).toMatchObject({ costMicroUsd: 6200 });
  });

  test("speech is billed by the character, and its bytes pass as they are", async () => {
    const sound = Buffer.from([0xff, 0xfb, 0, 1, 2, 3, 0xfe]);
    upstream.play = answering(200, sound, { "content-type": "audio/mpeg" });
    const asked = await client.audio.speech.create({ model: "by-piece", input: "x".repeat(100), voice: "alloy" });
    expect([asked.headers.get("content-type"), Buffer.from(await asked.arrayBuffer())]).toEqual(["audio/mpeg", sound]);
    expect(upstream.sent()).toMatchObject({ model: "up-model", voice: "alloy" });
    expect(await rowOf(asked)).toMatchObject({ endpoint: "speech", costMicroUsd: 1500 });
    // What a browser would run is no sound.
    upstream.play = answering(200, "<script>", { "content-type": "text/html" });
    const other = await post("/v1/audio/speech", { model: "by-piece", input: "x", voice: "alloy" });
    expect(other.headers.get("content-type")).toBe("application/octet-stream");
  });

  test("a ranking is billed by the search, or by its tokens", async () => {
    const results = [{ index: 0, relevance_score: 0.9 }];
    upstream.play = answering(200, { id: "r", results, meta: { billed_units: { search_units: 3 } } });
    const sent = { query: "water", documents: ["a", "b"], top_n: 1 };
    const searched = await post("/v1/rerank", { model: "by-piece", ...sent });
    expect([(await searched.json()).results, upstream.came[0]?.path]).toEqual([results, "/v1/rerank"]);
    expect(await rowOf(searched)).toMatchObject({ endpoint: "rerank", costMicroUsd: 6000 });
    upstream.play = answering(200, { results, usage: { total_tokens: 50 } });
    expect(await rowOf(await post("/v1/rerank", { model: "up", ...sent }))).toMatchObject({ costMicroUsd: 50 });
  });
});

describe("refusals", () => {
  test("an endpoint that the model's provider does not speak is a clean error", async () => {
    const answer = await post("/v1/moderations", { model: "claude", input: "x" });
    expect([answer.status, (await answer.json()).error.code]).toEqual([400, "endpoint_not_supported"]);
    expect(upstream.came).toEqual([]);
  });

  test("the provider's own 404 passes with its words, and costs nothing", async () => {
    upstream.play = answering(404, {
      error: { message: "no such route", type: "invalid_request_error", code: "gone" },
    });
    const answer = await post("/v1/rerank", { model: "up", query: "x", documents: ["a"] });
    expect([answer.status, (await answer.json()).error]).toEqual([
      404,
      expect.objectContaining({ code: "gone", message: expect.stringContaining("no such route") }),
    ]);
    expect(await rowOf(answer)).toMatchObject({ costMicroUsd: 0, ending: "upstream_refused" });
  });

  test("an answer that is none is not passed, and not booked as complete", async () => {
    upstream.play = answering(200, { error: { message: "out of paint" } });
    const answer = await post("/v1/images/generations", { model: "by-piece", prompt: "x" });
    expect([answer.status, (await answer.json()).error.message]).toEqual([
      502,
      expect.stringContaining("out of paint"),
    ]);
    expect(await rowOf(answer)).toMatchObject({ ending: "upstream_protocol_error", costMicroUsd: 0 });
  });

  test("a key without the right to an endpoint is refused, as is a form where JSON belongs and the reverse", async () => {
    const made = { tenant: "enterprise", name: "narrow", endpoints: ["images"] };
    const { key } = await spillway.admin<{ key: string }>("POST", "keys", made);
    const narrow = await post("/v1/rerank", { model: "up", query: "x", documents: ["a"] }, key);
    expect([narrow.status, (await narrow.json()).error.code]).toEqual([403, "endpoint_not_allowed"]);
    const json = await post("/v1/audio/transcriptions", { model: "up" });
    expect([json.status, (await json.json()).error.code]).toEqual([415, "unsupported_media_type"]);
    const stream = await post("/v1/audio/speech", { model: "up", input: "x", voice: "v", stream_format: "sse" });
    expect([stream.status, (await stream.json()).error.param]).toEqual([400, "stream_format"]);
  });

  test("what has no price at all is refused to a caller with a limit of money", async () => {
    await priced("unpriced", {});
    const answer = await post("/v1/images/generations", { model: "unpriced", prompt: "x" }, spillway.demo.keys.free);
    expect([answer.status, (await answer.json()).error.code]).toEqual([400, "service_not_priced"]);
  });
});
