import http from "node:http";
import { z } from "zod";
import { type Asked, answer, type Dialect, sendJson } from "./answer";
import { anthropicDialect, openaiDialect } from "./dialects";
import { behaviour, Script } from "./script";
import { countInput } from "./text";

export type Simulator = { readonly url: string; close(): Promise<void> };

export const SIMULATED_MODELS = ["sim-small", "sim-large", "sim-vision"] as const;

/**
 * A provider on loopback that speaks both dialects, deterministic and free. `PUT /control` sets what the next calls
 * meet, `GET /control/bills` lists what it billed, `DELETE /control/bills` forgets it.
 * Port 0 takes any free one.
 */
export async function startSimulator(port: number): Promise<Simulator> {
  const script = new Script();
  const server = http.createServer((request, response) => {
    serve(request, response, script).catch((error: unknown) => {
      sendJson(response, 400, {
        error: { message: error instanceof Error ? error.message : "bad request", type: "invalid_request_error" },
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(request: http.IncomingMessage, response: http.ServerResponse, script: Script): Promise<void> {
  switch (`${request.method} ${request.url?.split("?")[0]}`) {
    case "POST /v1/chat/completions":
      return play(request, response, script, openaiDialect, askedOpenai);
    case "POST /v1/messages":
      return play(request, response, script, anthropicDialect, askedAnthropic);
    case "GET /v1/models":
      return sendJson(response, 200, {
        object: "list",
        data: SIMULATED_MODELS.map((id) => ({ id, object: "model", created: 0, owned_by: "spillway" })),
      });
    case "PUT /control":
      script.play(behaviour.parse(JSON.parse(await readBody(request))));
      return sendJson(response, 200, { ok: true });
    case "GET /control/bills":
      return sendJson(response, 200, { bills: script.bills, streamed: script.streamed });
    case "DELETE /control/bills":
      script.bills.length = 0;
      return sendJson(response, 200, { ok: true });
    default:
      return sendJson(response, 404, { error: { message: "no such path", type: "not_found_error" } });
  }
}

type Read = (body: unknown, requestId: string) => Asked;

async function play(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  script: Script,
  dialect: Dialect,
  read: Read,
): Promise<void> {
  const requestId = String(request.headers["x-request-id"] ?? `sim-${script.bills.length}`);
  const asked = read(JSON.parse(await readBody(request)), requestId);
  await answer({ asked, how: script.take(asked.model), dialect, response, script });
}

const content = z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).nullish();
const model = z.enum(SIMULATED_MODELS);

const openaiBody = z.looseObject({
  model,
  messages: z.array(z.looseObject({ content })),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  n: z.number().optional(),
  stream: z.boolean().optional(),
  stream_options: z
    .looseObject({ include_usage: z.boolean().optional(), continuous_usage_stats: z.boolean().optional() })
    .optional(),
});

const anthropicBody = z.looseObject({
  model,
  messages: z.array(z.looseObject({ content })),
  max_tokens: z.number(),
  stream: z.boolean().optional(),
});

function askedOpenai(body: unknown, requestId: string): Asked {
  const chat = openaiBody.parse(body);
  return {
    requestId,
    model: chat.model,
    stream: chat.stream ?? false,
    maxTokens: chat.max_completion_tokens ?? chat.max_tokens ?? Number.MAX_SAFE_INTEGER,
    choices: chat.stream ? 1 : (chat.n ?? 1),
    inputTokens: countInput(chat.messages.map((message) => textOf(message.content))),
    wantsUsage: chat.stream_options?.include_usage ?? false,
    continuousUsage: chat.stream_options?.continuous_usage_stats ?? false,
  };
}

function askedAnthropic(body: unknown, requestId: string): Asked {
  const chat = anthropicBody.parse(body);
  const inputTokens = countInput(chat.messages.map((message) => textOf(message.content)));
  return {
    requestId,
    model: chat.model,
    stream: chat.stream ?? false,
    maxTokens: chat.max_tokens,
    choices: 1,
    inputTokens,
    wantsUsage: true,
    continuousUsage: false,
  };
}

function textOf(value: z.infer<typeof content>): string {
  return typeof value === "string" ? value : (value ?? []).map((part) => part.text ?? "").join(" ");
}

const BODY_BYTES_MAX = 8 * 1024 * 1024;

async function readBody(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Error("body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
