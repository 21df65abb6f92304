import type { ServerResponse } from "node:http";
import type { Behaviour, Bill, Script } from "./script";
import { tokenText } from "./text";

/** One request as the simulator sees it, in any dialect. */
export type Asked = {
  readonly requestId: string;
  readonly model: string;
  readonly stream: boolean;
  readonly maxTokens: number;
  readonly choices: number;
  readonly inputTokens: number;
  readonly wantsUsage: boolean;
  readonly continuousUsage: boolean;
  /** What the prompt itself requests (`sim:{"mode":"cut_after"}` in its text); takes precedence over the script. */
  readonly scenario: Behaviour | null;
  /** The tool that it calls instead of a text answer; its arguments are JSON text. */
  readonly tool: { readonly name: string; readonly arguments: string } | null;
  /** Members of the request that the answer repeats; absent = none. */
  readonly repeated?: Readonly<Record<string, unknown>>;
};

export type Ending = "stop" | "length" | "tool";

/** How a dialect writes an answer. */
export type Dialect = {
  /** `text`: words, or the arguments of the tool */
  whole(asked: Asked, output: { text: string; tokens: number; ending: Ending; usage: boolean }): object;
  start(asked: Asked): string;
  token(asked: Asked, text: string, tokens: number): string;
  finish(asked: Asked, tokens: number, ending: Ending, usage: boolean): string;
  error(status: number, message: string): object;
};

/** Plays one call to its end and writes its bill, also when the caller leaves in the middle. */
export async function answer(input: {
  asked: Asked;
  how: Behaviour;
  dialect: Dialect;
  response: ServerResponse;
  script: Script;
}): Promise<void> {
  const { asked, how, dialect, response, script } = input;
  const state = { tokens: 0, status: 200, aborted: false };
  const bill = (): Bill => ({
    requestId: asked.requestId,
    model: asked.model,
    inputTokens: asked.inputTokens,
    outputTokens: state.tokens,
    status: state.status,
    aborted: state.aborted,
  });
  const left = new Promise<void>((resolve) => response.once("close", () => resolve()));
  if (how.firstTokenMs > 0) await Promise.race([pause(how.firstTokenMs), left]);
  if (how.mode === "rate_limited" || how.mode === "server_error") {
    const status = how.mode === "rate_limited" ? 429 : 500;
    script.bills.push({ ...bill(), status, inputTokens: 0 });
    if (status === 429) response.setHeader("retry-after", String(how.retryAfterSeconds));
    return sendJson(response, status, dialect.error(status, `simulated ${how.mode}`));
  }
  if (how.mode === "refuses_usage" && asked.wantsUsage) {
    script.bills.push({ ...bill(), status: 400, inputTokens: 0 });
    return sendJson(response, 400, dialect.error(400, "Unrecognized request argument supplied: stream_options"));
  }
  if (how.mode === "hang") {
    await left;
    script.bills.push({ ...bill(), inputTokens: 0, aborted: true });
    return;
  }
  const pieces = asked.tool === null ? null : piecesOf(asked.tool.arguments);
  const wanted = how.mode === "endless" ? Number.MAX_SAFE_INTEGER : (pieces?.length ?? how.outputTokens);
  const tokens = how.mode === "endless" ? wanted : Math.min(asked.maxTokens, wanted);
  const ending: Ending = tokens < wanted ? "length" : pieces === null ? "stop" : "tool";
  const piece = (index: number) => (pieces === null ? tokenText(index) : (pieces[index] ?? ""));
  const usage = how.mode !== "no_usage";
  const reported = () => state.tokens + (how.mode === "overstates_usage" ? OVERSTATED_BY : 0);
  vendorHeaders(response);
  if (!asked.stream) {
    state.tokens = tokens * asked.choices;
    if (how.tokenMs > 0) await Promise.race([pause(how.tokenMs * tokens), left]);
    script.bills.push({ ...bill(), aborted: response.destroyed });
    const text = Array.from({ length: tokens }, (_, index) => piece(index)).join("");
    return sendJson(response, 200, dialect.whole(asked, { text, tokens: reported(), ending, usage }));
  }
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.write(dialect.start(asked));
  await stream({ asked, how, dialect, response, tokens, piece, left, state, script });
  state.aborted = response.destroyed;
  script.bills.push(bill());
  if (!response.destroyed) response.end(dialect.finish(asked, reported(), ending, usage));
}

/** For a provider whose count is wrong. */
const OVERSTATED_BY = 1_000_000;

async function stream(input: {
  asked: Asked;
  how: Behaviour;
  dialect: Dialect;
  response: ServerResponse;
  tokens: number;
  piece: (index: number) => string;
  left: Promise<void>;
  state: { tokens: number };
  script: Script;
}): Promise<void> {
  const { asked, how, dialect, response, state, left } = input;
  while (state.tokens < input.tokens && !response.destroyed) {
    const strikes = state.tokens >= how.afterTokens;
    if (strikes && how.mode === "hang_after") await left;
    if (strikes && how.mode === "cut_after") await cut(response);
    if (strikes && how.mode === "garbage_after") response.write("data: {this is not json\n\n");
    if (response.destroyed) return;
    state.tokens += 1;
    input.script.streamed += 1;
    const flowing = response.write(dialect.token(asked, input.piece(state.tokens - 1), state.tokens));
    if (!flowing) await Promise.race([new Promise<void>((resolve) => response.once("drain", resolve)), left]);
    if (how.tokenMs > 0) await Promise.race([pause(how.tokenMs), left]);
  }
}

/** A tool's arguments as streamed: a few characters per token. */
function piecesOf(text: string): string[] {
  return text.match(/.{1,4}/gs) ?? [];
}

/** Breaks the connection after everything written so far was sent, so the caller gets all of it. */
async function cut(response: ServerResponse): Promise<void> {
  await new Promise((resolve) => response.write(": last\n\n", resolve));
  response.destroy();
}

/** The cost of a call without output: embeddings, and token counts. */
export function answerAtOnce(input: {
  asked: Asked;
  how: Behaviour;
  response: ServerResponse;
  script: Script;
  body: object;
}) {
  const { asked, how, response, script, body } = input;
  const { requestId, model, inputTokens } = asked;
  const isRefused = how.mode === "rate_limited" || how.mode === "server_error";
  const status = how.mode === "rate_limited" ? 429 : isRefused ? 500 : 200;
  const spent = isRefused ? 0 : inputTokens;
  script.bills.push({ requestId, model, inputTokens: spent, outputTokens: 0, status, aborted: false });
  vendorHeaders(response);
  sendJson(response, status, isRefused ? { error: { message: `simulated ${how.mode}`, type: "server_error" } } : body);
}

function vendorHeaders(response: ServerResponse): void {
  response.setHeader("x-ratelimit-limit-requests", "1000000");
  response.setHeader("x-ratelimit-remaining-requests", "999999");
  response.setHeader("x-ratelimit-reset-requests", "0ms");
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
