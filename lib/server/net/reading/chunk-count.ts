import type { IncomingMessage } from "node:http";

/** The body of a request as Node has parsed it so far. */
export type ChunkCount = { readonly chunks: number; readonly bytes: number };

/** Counts the chunks of a body as they are parsed: a reader of the stream gets several of them as one. */
export function countChunks(request: IncomingMessage): ChunkCount {
  const count = { chunks: 0, bytes: 0 };
  const push = request.push.bind(request);
  request.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
    if (chunk !== null) {
      count.chunks += 1;
      count.bytes += chunk.byteLength;
    }
    return push(chunk, encoding);
  };
  return count;
}
