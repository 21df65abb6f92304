import http from "node:http";
import net, { type Socket } from "node:net";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { fromReadable } from "@/lib/gateway/bounds/body-source";
import type { Reply } from "@/lib/gateway/exchange/exchange";
import { Stopper } from "@/lib/stopper";
import { stopParsing } from "../net/reading/portions";
import { sendReply } from "./send-reply";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const BODY_BYTES = 8 * 1024 * 1024;
const REFUSAL: Reply = { status: 429, headers: {}, body: Buffer.from("refused") };

/** The bytes that were read off a connection whose call is refused while its body is still being sent. */
async function readBehindRefusal(isHeld: boolean): Promise<{ readonly answer: string; readonly bytesRead: number }> {
  const seen: { socket: Socket | null } = { socket: null };
  const server = http.createServer((request, response) => {
    seen.socket = request.socket;
    if (isHeld) stopParsing(request.socket);
    const exchange = {
      ...{ requestId: "", method: "POST", path: "/", query: "", clientAddress: "", request },
      ...{ header: () => undefined, headers: () => [], body: fromReadable(request), signal: new Stopper<"gone">() },
    };
    void sendReply(response, REFUSAL, exchange, !isHeld);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  let answer = "";
  await new Promise<void>((resolve) => {
    const socket = net.connect(address.port, "127.0.0.1", () => {
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
      socket.write(Buffer.alloc(BODY_BYTES - 1));
    });
    socket.on("error", () => undefined).on("close", () => resolve());
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      // What is read without waiting is read in some turns of the loop.
      turnsOfLoop(500).then(() => vi.advanceTimersByTime(1000));
    });
  });
  return { answer, bytesRead: seen.socket?.bytesRead ?? 0 };
}

const turnsOfLoop = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

test("the rest of a body is read behind a refusal, so that its client sees the answer", async () => {
  const { answer, bytesRead } = await readBehindRefusal(false);
  expect(answer).toMatch(/^HTTP\/1.1 429/);
  expect(bytesRead).toBeGreaterThan(BODY_BYTES / 2);
});

test("no rest of a body is read behind a held refusal", async () => {
  const { answer, bytesRead } = await readBehindRefusal(true);
  expect(answer).toMatch(/^HTTP\/1.1 429/);
  expect(bytesRead).toBeLessThan(BODY_BYTES / 8);
});
