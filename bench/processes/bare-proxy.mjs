import http from "node:http";
import { Pool } from "undici";

// The minimum that a proxy must do: read the call, parse it, send it on, pass the answer back.
const [, , port, upstream] = process.argv;
const pool = new Pool(upstream, { connections: 64 });

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    try {
      JSON.parse(body);
    } catch {
      return void response.writeHead(400).end();
    }
    pool.dispatch(
      { path: request.url, method: "POST", headers: { "content-type": "application/json" }, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, headers) {
          response.writeHead(status, { "content-type": headers["content-type"] });
        },
        onResponseData(_controller, chunk) {
          response.write(chunk);
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError() {
          response.destroy();
        },
      },
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("listening\n"));
