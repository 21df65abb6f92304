import http from "node:http";
import { type Asked, answer, answerAtOnce, type Dialect, sendJson } from "./answer";
import { askedAnthropic, askedEmbeddings, askedOpenai, askedResponses, SIMULATED_MODELS } from "./asked";
import { anthropicDialect, openaiDialect, responsesDialect } from "./dialects";
import { behaviour, Script } from "./script";

export type Simulator = { readonly url: string; close(): Promise<void> };

/**
 * A provider on loopback that speaks both dialects, deterministic and free. `PUT /control` sets the behaviour of the
 * next calls, `GET /control/bills` lists its bills, `DELETE /control/bills` clears them. Port 0 takes any free one.
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
    // Each of several processes has its own.
    server.listen({ port, host: "127.0.0.1", exclusive: true }, resolve);
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
  const { authorization, "x-api-key": apiKey } = request.headers;
  for (const credential of [authorization, apiKey].flat())
    if (credential !== undefined) script.credentials.add(credential);
  switch (`${request.method} ${request.url?.split("?")[0]}`) {
    case "POST /v1/chat/completions":
      return play(request, response, script, openaiDialect, askedOpenai);
    case "POST /v1/messages":
      return play(request, response, script, anthropicDialect, askedAnthropic);
    case "POST /v1/responses":
      return play(request, response, script, responsesDialect, askedResponses);
    case "POST /v1/embeddings":
      return embed(request, response, script);
    case "POST /v1/messages/count_tokens": {
      const asked = askedAnthropic({ max_tokens: 1, ...JSON.parse(await readBody(request)) }, "");
      return sendJson(response, 200, { input_tokens: asked.inputTokens });
    }
    case "GET /v1/models":
      return sendJson(response, 200, {
        object: "list",
        data: SIMULATED_MODELS.map((id) => ({ id, object: "model", created: 0, owned_by: "spillway" })),
      });
    case "PUT /control":
      script.play(behaviour.parse(JSON.parse(await readBody(request))));
      return sendJson(response, 200, { ok: true });
    case "GET /control/bills":
      return sendJson(response, 200, {
        bills: script.bills,
        streamed: script.streamed,
        credentials: [...script.credentials],
      });
    case "DELETE /control/bills":
      script.bills.length = 0;
      return sendJson(response, 200, { ok: true });
    default:
      return sendJson(response, 404, { error: { message: "no such path", type: "not_found_error" } });
  }
}

async function embed(request: http.IncomingMessage, response: http.ServerResponse, script: Script): Promise<void> {
  const requestId = String(request.headers["x-request-id"] ?? `sim-${script.bills.length}`);
  const { asked, inputs } = askedEmbeddings(JSON.parse(await readBody(request)), requestId);
  const data = Array.from({ length: inputs }, (_, index) => ({
    object: "embedding",
    index,
    embedding: [index, 0.5, -1],
  }));
  const usage = { prompt_tokens: asked.inputTokens, total_tokens: asked.inputTokens };
  const body = { object: "list", model: asked.model, data, usage };
  answerAtOnce({ asked, how: script.take(asked.model), response, script, body });
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
  await answer({ asked, how: asked.scenario ?? script.take(asked.model), dialect, response, script });
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
