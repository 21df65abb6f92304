import { PublicError } from "@/lib/errors";

export type BodyBounds = {
  readonly bodyBytesMax: number;
  /** ms for a whole body, unless it is large and arrives fast enough */
  readonly bodyMs: number;
  /** bytes per second that must arrive on average after GRACE_MS */
  readonly bodyBytesPerSecond: number;
};

/** A connection that stalls for a moment is no attack. */
const GRACE_MS = 2000;
/**
 * Bytes per second that a body must have kept up from the start to take longer than `bodyMs`. Only large bodies can. 2
 * Mbit/s.
 */
const LARGE_BYTES_PER_SECOND = 256 * 1024;
/** Free chunks. Beyond them each chunk must have this average size. One chunk costs as much time as 2 KB of text. */
const CHUNKS_FREE = 1024;
const CHUNK_BYTES_MIN = 256;
/** Smaller chunks are copied, because a kept chunk costs some hundred bytes of overhead. */
const KEPT_BYTES = 8 * 1024;
const BLOCK_BYTES_MAX = 64 * 1024;

/** A body while it arrives: its bytes, and checks of its size, pace and chunk count. */
export class ArrivingBody {
  readonly #bounds: BodyBounds;
  readonly #declared: number | null;
  /** for a body of known length: one buffer for all of it, so nothing is joined at the end */
  #whole: Buffer | null = null;
  readonly #parts: Uint8Array[] = [];
  /** the current end of the body, which collects small chunks */
  #block = Buffer.alloc(0);
  #used = 0;
  #size = 0;
  #chunks = 0;

  /** `declared`: its length, if it was sent. */
  constructor(bounds: BodyBounds, declared: number | null = null) {
    this.#bounds = bounds;
    this.#declared = declared;
  }

  get size(): number {
    return this.#size;
  }

  get chunks(): number {
    return this.#chunks;
  }

  /** Throws PublicError if the body is too large or its chunks are too small. */
  add(chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    this.#chunks += 1;
    if (this.#size > this.#bounds.bodyBytesMax) throw tooLarge(this.#bounds.bodyBytesMax);
    refusePieces(this.#size, this.#chunks);
    if (this.#chunks === 1) this.#begin(chunk);
    else if (this.#whole !== null) this.#fill(this.#whole, chunk);
    else if (chunk.byteLength >= KEPT_BYTES) {
      this.#closeBlock();
      this.#parts.push(chunk);
    } else this.#copy(chunk);
  }

  /**
   * A body of one chunk is that chunk. Allocated memory beyond the arrived bytes is never touched, so it is not used.
   */
  #begin(chunk: Uint8Array): void {
    const declared = this.#declared ?? 0;
    if (chunk.byteLength >= declared || declared <= KEPT_BYTES || declared > this.#bounds.bodyBytesMax) {
      this.#parts.push(chunk);
      return;
    }
    this.#whole = Buffer.allocUnsafeSlow(declared);
    this.#whole.set(chunk);
  }

  #fill(whole: Buffer, chunk: Uint8Array): void {
    const filled = this.#size - chunk.byteLength;
    if (this.#size <= whole.byteLength) whole.set(chunk, filled);
    else {
      // It is longer than declared.
      this.#whole = null;
      this.#parts.push(whole.subarray(0, filled), chunk);
    }
  }

  /** Throws PublicError if too little has arrived after `elapsedMs`, or the body takes too long in total. */
  checkPace(elapsedMs: number): void {
    const { bodyMs, bodyBytesPerSecond } = this.#bounds;
    const expected = ((elapsedMs - GRACE_MS) * bodyBytesPerSecond) / 1000;
    const isLate = elapsedMs > bodyMs && this.#size < (elapsedMs * LARGE_BYTES_PER_SECOND) / 1000;
    if (isLate || this.#size < expected)
      throw new PublicError(
        "request_timeout",
        `The request body arrives too slowly: ${this.#size} bytes in ${Math.round(elapsedMs / 1000)}s.`,
      );
  }

  bytes(): Uint8Array {
    if (this.#whole !== null) return this.#whole.subarray(0, this.#size);
    this.#closeBlock();
    const [only, ...more] = this.#parts;
    return only !== undefined && more.length === 0 ? only : Buffer.concat(this.#parts);
  }

  #copy(chunk: Uint8Array): void {
    if (this.#used + chunk.byteLength > this.#block.byteLength) {
      this.#closeBlock();
      this.#block = Buffer.allocUnsafe(Math.min(Math.max(2 * this.#size, 2 * KEPT_BYTES), BLOCK_BYTES_MAX));
    }
    this.#block.set(chunk, this.#used);
    this.#used += chunk.byteLength;
  }

  #closeBlock(): void {
    if (this.#used > 0) this.#parts.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}

/** Throws PublicError if a body arrives in chunks that are too small. */
export function refusePieces(size: number, chunks: number): void {
  if (chunks <= CHUNKS_FREE + size / CHUNK_BYTES_MIN) return;
  throw new PublicError(
    "body_in_pieces",
    `The request body arrives in chunks of ${Math.round(size / chunks)} bytes. Send it whole, or in chunks of ${CHUNK_BYTES_MIN} bytes or more.`,
  );
}

export function tooLarge(bytesMax: number): PublicError {
  return new PublicError(
    "body_too_large",
    `The request body is larger than ${bytesMax} bytes, the maximum for this key. An operator can raise it (bodyMbMax of the key).`,
  );
}
