import http from "node:http";

// A provider that decides nothing: an answer of 600 bytes, or a stream of as many chunks as the body asks for.
const content = "Water boils at a lower temperature on a mountain, as the air presses less on it. ".repeat(3);
const answer = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_795_000_000,
  model: "sim-small",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 210, completion_tokens: 60, total_tokens: 270 },
});

const server = http.createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), "127.0.0.1", () => process.stdout.write("listening\n"));
