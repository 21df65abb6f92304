import type { Socket } from "node:net";
import { deserialize, serialize } from "node:v8";

/** "question" and "told" are sent while the answer to an ask is being prepared. */
const KINDS = ["ask", "answer", "fault", "question", "told"] as const;
export type FrameKind = (typeof KINDS)[number];

/** One message. Its value is decoded by the code that knows its type. */
export type Frame = {
  readonly kind: FrameKind;
  /** which ask it belongs to */
  readonly id: number;
  /** what is asked; empty for the other kinds */
  readonly name: string;
  readonly value: Buffer;
};

const LENGTH_BYTES = 4;
const HEAD_BYTES = 6;
/** A peek at every counter of ten thousand tenants is a few MB. */
const FRAME_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Messages over a local socket: length, kind, id, name, value. Values are encoded as V8 does, so that numbers without a
 * form in JSON (Infinity, -0) arrive unchanged. Both ends are processes of one installation and one release. An invalid
 * frame ends the connection.
 */
export class Frames {
  readonly #socket: Socket;
  #waiting: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, take: (frame: Frame) => void) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#waiting = this.#waiting.byteLength === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
      try {
        for (let frame = this.#next(); frame !== null; frame = this.#next()) take(frame);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  send(frame: { kind: FrameKind; id: number; name?: string; value: unknown }): void {
    const name = Buffer.from(frame.name ?? "");
    const value = serialize(frame.value);
    const head = Buffer.alloc(LENGTH_BYTES + HEAD_BYTES);
    head.writeUInt32LE(HEAD_BYTES + name.byteLength + value.byteLength, 0);
    head.writeUInt8(KINDS.indexOf(frame.kind), LENGTH_BYTES);
    head.writeUInt32LE(frame.id, LENGTH_BYTES + 1);
    head.writeUInt8(name.byteLength, LENGTH_BYTES + HEAD_BYTES - 1);
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat([head, name, value]));
  }

  #next(): Frame | null {
    const bytes = this.#waiting;
    if (bytes.byteLength < LENGTH_BYTES) return null;
    const length = bytes.readUInt32LE(0);
    if (length < HEAD_BYTES || length > FRAME_BYTES_MAX) throw new Error("not a frame");
    const end = LENGTH_BYTES + length;
    if (bytes.byteLength < end) return null;
    this.#waiting = bytes.subarray(end);
    const kind = KINDS[bytes.readUInt8(LENGTH_BYTES)];
    if (kind === undefined) throw new Error("not a frame");
    const nameAt = LENGTH_BYTES + HEAD_BYTES;
    const valueAt = nameAt + bytes.readUInt8(nameAt - 1);
    return {
      kind,
      id: bytes.readUInt32LE(LENGTH_BYTES + 1),
      name: bytes.toString("utf8", nameAt, valueAt),
      value: bytes.subarray(valueAt, end),
    };
  }
}

/** The value of a frame. Its type is what the other end of the same release sends under that name. */
export function opened<T>(value: Buffer): T {
  return deserialize(value);
}
