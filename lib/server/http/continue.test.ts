import http from "node:http";
import net from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { continueWhenRead } from "./continue";

type Serve = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** The answer to a client that sends its body only after `100 Continue`. */
async function exchange(serve: Serve): Promise<string> {
  const server = http.createServer();
  server.on("checkContinue", (request, response) => {
    continueWhenRead(request, response);
    serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const text = await new Promise<string>((resolve) => {
    let all = "";
    const socket = net.connect(address.port, "127.0.0.1");
    const lines = ["POST / HTTP/1.1", "Host: a", "Content-Length: 4", "Expect: 100-continue", "Connection: close"];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    socket.on("data", (chunk) => {
      const isInvited = all.includes("100 Continue");
      all += chunk.toString("latin1");
      if (!isInvited && all.includes("100 Continue")) socket.write("body");
    });
    socket.on("error", () => undefined).on("close", () => resolve(all));
  });
  server.close();
  return text;
}

const answer = (response: http.ServerResponse, text: string) => void response.end(`got ${text}`);

test.each<[string, Serve]>([
  [
    "by its events",
    (request, response) => {
      let text = "";
      request.on("data", (chunk) => (text += chunk)).on("end", () => answer(response, text));
    },
  ],
  [
    "by an iterator, later",
    (request, response) => {
      const read = async () => {
        let text = "";
        for await (const chunk of request) text += chunk;
        answer(response, text);
      };
      setImmediate(() => void read());
    },
  ],
  [
    "as a web stream, as Next does",
    (request, response) => {
      const reader = Readable.toWeb(request).getReader();
      const read = async () => {
        let text = "";
        for (let next = await reader.read(); !next.done; next = await reader.read()) text += String(next.value);
        answer(response, text);
      };
      void read();
    },
  ],
  ["through a pipe", (request, response) => void request.pipe(response)],
])("a body that is read %s is asked for once", async (_name, serve) => {
  const text = await exchange(serve);
  expect(text.split("100 Continue")).toHaveLength(2);
  expect(text).toContain("200 OK");
});

test("one that nobody reads is not asked for", async () => {
  expect(await exchange((_request, response) => void response.writeHead(401).end())).not.toContain("100 Continue");
});
