import http from "node:http";

// A provider without decisions: an answer of 600 bytes, after `seed` milliseconds if set. For `stream: true` it sends
// `max_tokens` chunks with `seed` milliseconds between them.
const content = "Water boils at a lower temperature on a mountain, as the air presses less on it. ".repeat(3);
const usage = { prompt_tokens: 210, completion_tokens: 60, total_tokens: 270 };
const answer = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_795_000_000,
  model: "sim-small",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage,
});
const about = { id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1_795_000_000, model: "sim-small" };
const frame = (value) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = frame({ ...about, choices: [{ index: 0, delta: { content: "water " }, finish_reason: null }] });
const last = `${frame({ ...about, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}${frame({ ...about, choices: [], usage })}data: [DONE]\n\n`;

function stream(response, chunks, everyMs) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  const send = () => {
    if (sent++ < chunks) response.write(chunk);
    if (sent < chunks) return;
    clearInterval(timer);
    response.end(last);
  };
  const timer = setInterval(send, everyMs);
  response.on("close", () => clearInterval(timer));
  send();
}

const server = http.createServer((request, response) => {
  const body = [];
  request.on("data", (part) => body.push(part));
  request.on("end", () => {
    const text = Buffer.concat(body);
    if (text.includes('"stream":true')) {
      const asked = JSON.parse(text);
      stream(response, asked.max_tokens, asked.seed);
      return;
    }
    const end = () => {
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
      response.end(answer);
    };
    if (text.includes('"seed":')) setTimeout(end, JSON.parse(text).seed);
    else end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), "127.0.0.1", () => process.stdout.write("listening\n"));
