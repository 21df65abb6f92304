import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Forwarded } from "@/lib/providers/forward";
import { kindOf } from "./kind";
import { gathered, inTurns, paced } from "./paced";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A body whose chunks the test releases. */
function body() {
  const waiting: ((result: IteratorResult<Uint8Array>) => void)[] = [];
  const give = (text: string | null) =>
    waiting.shift()?.(text === null ? { done: true, value: undefined } : { done: false, value: Buffer.from(text) });
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<Uint8Array>>((resolve) => void waiting.push(resolve)),
    }),
  };
  return { source, give };
}

test("pings bridge silence, and the idle timeout is reported", async () => {
  const { source, give } = body();
  const onIdle = vi.fn();
  const chunks = paced(source, { idleMs: 100, pingMs: 30, onIdle });
  const pinged = async () => {
    const one = chunks.next();
    await vi.advanceTimersByTimeAsync(30);
    expect((await one).value).toBeNull();
  };
  for (let ping = 0; ping < 3; ping++) await pinged();
  const chunk = chunks.next();
  give("a");
  expect(Buffer.from((await chunk).value ?? []).toString()).toBe("a");
  for (let ping = 0; ping < 3; ping++) await pinged();
  // A reader that does not pull is not waiting.
  await vi.advanceTimersByTimeAsync(1000);
  expect(onIdle).not.toHaveBeenCalled();
  const last = chunks.next();
  await vi.advanceTimersByTimeAsync(10);
  expect(onIdle).toHaveBeenCalledTimes(1);
  give(null);
  expect((await last).done).toBe(true);
});

test("a body that stays silent for too long is reported once", async () => {
  const { source, give } = body();
  const onIdle = vi.fn();
  const chunks = paced(source, { idleMs: 100, onIdle });
  const one = chunks.next();
  await vi.advanceTimersByTimeAsync(500);
  expect(onIdle).toHaveBeenCalledTimes(1);
  give(null);
  expect((await one).done).toBe(true);
});

test("a whole body is collected; its silence is reported once, and bytes beyond the bound are dropped", async () => {
  const { source, give } = body();
  const onIdle = vi.fn();
  const all = gathered(source, { idleMs: 100, onIdle, bytesMax: 4 });
  await vi.advanceTimersByTimeAsync(90);
  give("ab");
  await vi.advanceTimersByTimeAsync(90);
  expect(onIdle).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(500);
  expect(onIdle).toHaveBeenCalledTimes(1);
  give("cd");
  await vi.advanceTimersByTimeAsync(1);
  give(null);
  expect((await all)?.toString()).toBe("abcd");
  expect(await gathered(chunksOf("abc", "de"), { idleMs: 100, onIdle, bytesMax: 4 })).toBeNull();
  expect((await gathered(chunksOf(), { idleMs: 100, onIdle, bytesMax: 4 }))?.byteLength).toBe(0);
});

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test.each<[string | null, string[], boolean]>([
  ["text/event-stream", ["{}"], true],
  ["Text/Event-Stream; charset=UTF-8", [], true],
  [null, ["data: {}\n\n"], true],
  [null, ["\n", " ", ": hi\n\n"], true],
  ["application/octet-stream", ["\uFEFFdata: {}"], true],
  ["application/json", ["data: {}"], true],
  ["application/json", ["\n\n", '{"a"', ":1}"], false],
  [null, ["\uFEFF{}"], false],
  ["text/html", ["<html>"], false],
  [null, [], false],
])("an answer of type %s that begins with %j is a stream: %s", async (type, texts, isStream) => {
  const upstream: Forwarded = {
    status: 200,
    header: (name) => (name === "content-type" ? type : null),
    body: Object.assign(chunksOf(...texts), { destroy: () => undefined }),
  };
  const kind = await kindOf(upstream, { idleMs: 1000, onIdle: () => undefined });
  const read: Uint8Array[] = [];
  for await (const chunk of kind.body) read.push(chunk);
  expect([kind.isStream, Buffer.concat(read).toString()]).toEqual([isStream, texts.join("")]);
});

test.each([
  ["a stream", (body: AsyncIterable<Uint8Array>) => paced(body, { idleMs: 1000, onIdle: () => undefined })],
  ["a batch's results", inTurns],
])("%s that is always ahead of its reader leaves turns of the loop to other calls", async (_what, read) => {
  vi.useRealTimers();
  const chunk = new Uint8Array(64 * 1024);
  const body = (async function* () {
    for (let sent = 0; sent < 16; sent++) yield chunk;
  })();
  let turns = 0;
  let next = setImmediate(function turn() {
    turns += 1;
    next = setImmediate(turn);
  });
  let bytes = 0;
  for await (const one of read(body)) bytes += one?.byteLength ?? 0;
  clearImmediate(next);
  expect(bytes).toBe(16 * chunk.byteLength);
  // One after each 128 KiB.
  expect(turns).toBeGreaterThanOrEqual(7);
});
