import { pipeline, type Readable } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { PublicError } from "@/lib/errors";

/**
 * Decompresses a body that its provider compressed although it was asked not to. Available bytes come out at once, so a
 * stream stays a stream. A body that was cut yields its bytes and then ends. The reader bounds the size. Destroying the
 * result destroys the body.
 */
export function inflated(body: Readable, encoding: string | null): Readable {
  const names = (encoding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  return names.filter((name) => name !== "" && name !== "identity").reduceRight(inflatedOnce, body);
}

function inflatedOnce(body: Readable, encoding: string): Readable {
  const inflater = inflaterOf(encoding);
  if (inflater === null) {
    body.destroy();
    throw new PublicError("upstream_protocol_error", `The provider's answer is encoded as ${encoding.slice(0, 32)}.`);
  }
  // An error of either one is an error of the result.
  pipeline(body, inflater, () => undefined);
  return inflater;
}

function inflaterOf(encoding: string) {
  const zlib = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return createGunzip(zlib);
    case "deflate":
      return createInflate(zlib);
    case "br":
      return createBrotliDecompress({
        flush: constants.BROTLI_OPERATION_FLUSH,
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
      });
    default:
      return null;
  }
}
