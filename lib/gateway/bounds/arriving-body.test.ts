import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import fc from "@/lib/fuzz/properties.suite";
import { ArrivingBody } from "./arriving-body";
import { type BodySource, fromReadable, fromWeb, Halt } from "./body-source";

const BOUNDS = { bodyBytesMax: 1024 * 1024, bodyMs: 15_000, bodyBytesPerSecond: 1024 };

function codeOf(work: () => void): string {
  try {
    work();
    return "ok";
  } catch (error) {
    return asPublicError(error)?.code ?? String(error);
  }
}

test("its bytes come out unchanged, for every way of chunking and every declared length", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40_000 })), {
    minLength: 1,
    maxLength: 25,
  });
  fc.assert(
    fc.property(sizes, fc.constantFrom(null, 0, 1, 0.5, 1, 2), (lengths, said) => {
      const chunks = lengths.map((length, nth) => Buffer.alloc(length, nth + 1));
      const sum = lengths.reduce((total, length) => total + length, 0);
      const body = new ArrivingBody(BOUNDS, said === null ? null : Math.floor(said * sum));
      for (const chunk of chunks) body.add(chunk);
      expect(Buffer.compare(body.bytes(), Buffer.concat(chunks))).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("one-byte chunks are refused after some thousand, usual ones never", () => {
  const crumbs = new ArrivingBody(BOUNDS);
  let taken = 0;
  const code = codeOf(() => {
    for (; taken < 1_000_000; taken++) crumbs.add(Buffer.alloc(1));
  });
  expect(code).toBe("body_in_pieces");
  expect(taken).toBeLessThan(1100);
  const usual = new ArrivingBody(BOUNDS);
  const chunk = Buffer.alloc(256);
  expect(codeOf(() => Array.from({ length: 4096 }, () => usual.add(chunk)))).toBe("ok");
});

test("a small body may arrive in chunks of any size", () => {
  const body = new ArrivingBody(BOUNDS);
  expect(codeOf(() => Array.from({ length: 1000 }, () => body.add(Buffer.alloc(1))))).toBe("ok");
});

test.each([
  [0, 1000, "ok"],
  [0, 2000, "ok"],
  [0, 2100, "request_timeout"],
  [1024, 3000, "ok"],
  [1024, 3100, "request_timeout"],
  [500_000, 15_000, "ok"],
  [500_000, 15_001, "request_timeout"],
  // Beyond that time a body must have come at 2 Mbit/s all along.
  [16 * 1024 * 1024, 60_000, "ok"],
  [16 * 1024 * 1024, 64_000, "ok"],
  [16 * 1024 * 1024, 64_001, "request_timeout"],
])("%d bytes after %d ms: %s", (size, elapsedMs, code) => {
  const body = new ArrivingBody({ ...BOUNDS, bodyBytesMax: 32 * 1024 * 1024 });
  if (size > 0) body.add(Buffer.alloc(size));
  expect(codeOf(() => body.checkPace(elapsedMs))).toBe(code);
});

describe.each<[string, (stream: PassThrough) => BodySource]>([
  ["a Node stream", (stream) => fromReadable(stream)],
  [
    "a web stream",
    (stream) =>
      fromWeb(
        new ReadableStream({
          start(controller) {
            stream.on("data", (chunk) => controller.enqueue(new Uint8Array(chunk)));
            stream.on("end", () => controller.close());
          },
        }),
      ),
  ],
])("%s", (_name, sourceOf) => {
  test("is read to its end, chunk by chunk", async () => {
    const stream = new PassThrough();
    const seen: string[] = [];
    const read = sourceOf(stream)((chunk) => void seen.push(Buffer.from(chunk).toString()), new Halt());
    stream.write("one");
    stream.end("two");
    await read;
    expect(seen.join("")).toBe("onetwo");
  });

  test("waits where its taker waits", async () => {
    const stream = new PassThrough();
    const { promise, resolve } = waiting();
    const seen: string[] = [];
    const read = sourceOf(stream)((chunk) => {
      seen.push(Buffer.from(chunk).toString());
      return seen.length === 1 ? promise : undefined;
    }, new Halt());
    stream.write("one");
    await new Promise((go) => setImmediate(go));
    stream.write("two");
    await new Promise((go) => setImmediate(go));
    expect(seen).toEqual(["one"]);
    resolve();
    stream.end();
    await read;
    expect(seen).toEqual(["one", "two"]);
  });

  test("the rest of the body is left unread once its reader is done or gives up", async () => {
    const stream = new PassThrough();
    const read = sourceOf(stream)(() => {
      throw new Error("enough");
    }, new Halt());
    stream.write("one");
    await expect(read).rejects.toThrow("enough");
    const halt = new Halt();
    const other = sourceOf(new PassThrough())(() => undefined, halt);
    halt.end(new Error("too slow"));
    await expect(other).rejects.toThrow("too slow");
  });
});

function waiting(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((go) => {
    resolve = go;
  });
  return { promise, resolve };
}
