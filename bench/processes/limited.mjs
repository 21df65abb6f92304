import http from "node:http";

// A provider with real limits: requests and tokens a minute, one bucket of each per path. It counts a call on arrival,
// by its text and its max_tokens, and gives nothing back, like OpenAI and Azure. /told sends what is left in its
// headers; /quiet refuses without warning. GET /counts returns what each path was sent, and what it refused.
const [port, requestsPerMinute, tokensPerMinute] = process.argv.slice(2).map(Number);
const MINUTE_MS = 60_000;
const CHARS_PER_TOKEN = 4;
const ANSWER_MS = 200;
const paths = new Map();

function bucketsOf(path) {
  const known = paths.get(path) ?? { requests: 0, tokens: 0, at: performance.now(), sent: 0, limited: 0 };
  paths.set(path, known);
  const now = performance.now();
  const passed = now - known.at;
  known.at = now;
  known.requests = Math.max(0, known.requests - (passed * requestsPerMinute) / MINUTE_MS);
  known.tokens = Math.max(0, known.tokens - (passed * tokensPerMinute) / MINUTE_MS);
  return known;
}

function tell(response, { requests, tokens }) {
  const told = [
    ["requests", requests, requestsPerMinute],
    ["tokens", tokens, tokensPerMinute],
  ];
  for (const [name, used, limit] of told) {
    response.setHeader(`x-ratelimit-limit-${name}`, limit);
    response.setHeader(`x-ratelimit-remaining-${name}`, Math.max(0, Math.floor(limit - used)));
    response.setHeader(`x-ratelimit-reset-${name}`, `${Math.ceil((used * MINUTE_MS) / limit)}ms`);
  }
}

function json(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = http.createServer((request, response) => {
  if (request.method === "GET") {
    json(response, 200, Object.fromEntries(paths));
    return;
  }
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const asked = JSON.parse(Buffer.concat(parts));
    const [, path] = request.url.split("/");
    const buckets = bucketsOf(path);
    const inputTokens = Math.ceil(asked.messages.map(({ content }) => content).join("").length / CHARS_PER_TOKEN);
    const most = inputTokens + (asked.max_tokens ?? asked.max_completion_tokens ?? 0);
    buckets.sent += 1;
    const fits = buckets.requests + 1 <= requestsPerMinute && buckets.tokens + most <= tokensPerMinute;
    if (fits) {
      buckets.requests += 1;
      buckets.tokens += most;
    } else buckets.limited += 1;
    if (path.startsWith("told")) tell(response, buckets);
    if (!fits) {
      const requestsMs = ((buckets.requests + 1 - requestsPerMinute) * MINUTE_MS) / requestsPerMinute;
      const tokensMs = ((buckets.tokens + most - tokensPerMinute) * MINUTE_MS) / tokensPerMinute;
      response.setHeader("retry-after", Math.max(1, Math.ceil(Math.max(requestsMs, tokensMs) / 1000)));
      json(response, 429, { error: { message: "Rate limit reached.", type: "requests", code: "rate_limit_exceeded" } });
      return;
    }
    const outputTokens = Math.ceil((asked.max_tokens ?? 100) / 2);
    const usage = {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    };
    const message = { role: "assistant", content: "water ".repeat(outputTokens) };
    const answer = {
      ...{ id: "chatcmpl-bench", object: "chat.completion", created: 1_795_000_000, model: asked.model },
      ...{ choices: [{ index: 0, message, finish_reason: "stop" }], usage },
    };
    setTimeout(() => json(response, 200, answer), ANSWER_MS);
  });
});
server.listen(port, "127.0.0.1", () => process.stdout.write("listening\n"));
