import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { inflated } from "./inflated";

const TEXT = "water finds its level ".repeat(50);

async function read(body: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test.each<[string | null, Buffer]>([
  [null, Buffer.from(TEXT)],
  ["identity", Buffer.from(TEXT)],
  ["gzip", gzipSync(TEXT)],
  ["GZIP", gzipSync(TEXT)],
  ["x-gzip", gzipSync(TEXT)],
  ["deflate", deflateSync(TEXT)],
  ["br", brotliCompressSync(TEXT)],
  ["identity, gzip", gzipSync(TEXT)],
  ["deflate, gzip", gzipSync(deflateSync(TEXT))],
])("%s", async (encoding, bytes) => {
  expect(await read(inflated(Readable.from([bytes]), encoding))).toBe(TEXT);
});

test("a stream stays one: what has been sent comes out before the rest", async () => {
  const source = createGzip();
  const wire = new PassThrough();
  source.pipe(wire);
  const body = inflated(wire, "gzip");
  source.write("first");
  source.flush();
  const [chunk] = await once(body, "data");
  expect(String(chunk)).toBe("first");
  body.destroy();
});

test("a body in an unknown encoding, or not in the one it names, is an error", async () => {
  expect(() => inflated(Readable.from(["x"]), "zstd")).toThrow("zstd");
  await expect(read(inflated(Readable.from([Buffer.from("plain text")]), "gzip"))).rejects.toThrow();
});

test("an answer that is given up frees its connection", async () => {
  const wire = new PassThrough();
  const body = inflated(wire, "gzip");
  const closed = new Promise((resolve) => wire.on("close", resolve));
  body.destroy();
  await closed;
  expect(wire.destroyed).toBe(true);
});
