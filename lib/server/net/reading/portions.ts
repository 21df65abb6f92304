import { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A read with more line ends than this is slow to parse: each chunk of a body has two, each header line one. */
const DENSE_LINES = 128;
/** Bytes of a dense read that are parsed in one go: some 700 one-byte chunks, in under a millisecond. */
const PORTION_BYTES = 4096;
/** Line ends of dense reads that are parsed in one turn of the event loop, over all connections: some 3 ms. */
const LINES_PER_TURN = 4096;
/** Connections that continue in the next turn: as many portions as its line ends allow. */
const RESUMED_PER_TURN = 3;
const LINE_FEED = 0x0a;
const LINE_END = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");
/** ms of parsing, with all that it calls, in one turn: pipelined requests take more time per line than chunks do. */
const MS_PER_TURN = 3;

type Parse = (bytes: Uint8Array) => void;

/**
 * Passes read bytes to Node's parser in portions where parsing is slow. Node parses a whole read of 64 KB before its
 * content can be refused. Eleven thousand one-byte chunks, or hundreds of pipelined requests, take 20 ms, and all
 * readable connections are read in the same turn. Here such a read is parsed 4 KB at a time. After a refusal the rest
 * stays in the socket, and one turn parses only for some milliseconds. A connection on probation is parsed one request
 * at a time: the next head waits until the answer is sent. Usual reads pass unchanged. A waiting connection is only
 * read later; there is no other fail mode.
 */
export class Portions {
  readonly #isOnProbation: (socket: Socket) => boolean;
  readonly #now: () => number;
  #linesLeft = LINES_PER_TURN;
  #msLeft = MS_PER_TURN;
  #nextTurn: NodeJS.Immediate | null = null;
  /** connections with bytes left for later turns; the longest waiting first */
  readonly #held = new Set<Socket>();

  /** `now`: monotone, ms. */
  constructor({
    isOnProbation = () => false,
    now = () => performance.now(),
  }: { readonly isOnProbation?: (socket: Socket) => boolean; readonly now?: () => number } = {}) {
    this.#isOnProbation = isOnProbation;
    this.#now = now;
  }

  /** A connection that Node's HTTP server has accepted, before its first read. */
  take(socket: Socket): void {
    const [parser] = socket.listeners("data");
    if (parser === undefined) return;
    const parse: Parse = (bytes) => void Reflect.apply(parser, socket, [bytes]);
    const read = (bytes: Buffer) => {
      const left = this.#read(socket, bytes, parse);
      if (isParsed(socket)) return;
      // After an upgrade it belongs to another owner, with the unparsed bytes.
      socket.off("data", read);
      if (left > 0 && !socket.destroyed) socket.unshift(bytes.subarray(bytes.byteLength - left));
    };
    socket.removeAllListeners("data");
    // A listener of ours also makes Node read through the socket, not past it.
    socket.on("data", read);
    socket.once("close", () => this.#held.delete(socket));
  }

  /** The number of bytes that were not taken. */
  #read(socket: Socket, bytes: Buffer, parse: Parse): number {
    this.#held.delete(socket);
    const isDenseRead = isDense(bytes);
    const isSingle = this.#isOnProbation(socket) && (isDenseRead || answerOf(socket) === null);
    const isWhole = !isSingle && !DROPPED.has(socket) && !isStopped(socket) && !isDenseRead;
    let at = 0;
    while (at < bytes.byteLength && isParsed(socket) && !socket.destroyed) {
      const rest = bytes.subarray(at);
      const drop = DROPPED.get(socket);
      if (drop !== undefined) drop(rest.byteLength);
      // A usual first read, even on probation, never waits behind dense ones.
      else if (!isWhole && (isStopped(socket) || (isDenseRead && this.#isUsedUp))) this.#leave(socket, rest);
      else if (isSingle && at > 0) this.#leaveUntilAnswered(socket, rest);
      else {
        const portion = isWhole ? rest : rest.subarray(0, isSingle ? headEnd(rest) : PORTION_BYTES);
        const began = isWhole ? 0 : this.#now();
        parse(portion);
        if (!isWhole) this.#spend(linesIn(portion, LINE_FEED, PORTION_BYTES), this.#now() - began);
        at += portion.byteLength;
        continue;
      }
      return 0;
    }
    return bytes.byteLength - at;
  }

  get #isUsedUp(): boolean {
    return this.#linesLeft <= 0 || this.#msLeft <= 0;
  }

  /** Leaves the rest until the request's body is wanted (then Node resumes the socket) or its answer is sent. */
  #leaveUntilAnswered(socket: Socket, rest: Uint8Array): void {
    const answer = answerOf(socket);
    if (answer === null) {
      this.#leave(socket, rest);
      return;
    }
    socket.pause();
    socket.unshift(rest);
    if (WATCHED.has(answer)) return;
    WATCHED.add(answer);
    answer.once("close", () => socket.resume());
  }

  /** Leaves the rest for later: until the pausing side resumes it, otherwise for the next turn. */
  #leave(socket: Socket, rest: Uint8Array): void {
    if (!isStopped(socket)) this.#held.add(socket);
    socket.pause();
    socket.unshift(rest);
  }

  #spend(lines: number, ms: number): void {
    this.#linesLeft -= lines;
    this.#msLeft -= ms;
    this.#nextTurn ??= setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#linesLeft = LINES_PER_TURN;
    this.#msLeft = MS_PER_TURN;
    this.#nextTurn = null;
    let resumed = 0;
    for (const socket of this.#held) {
      if (resumed++ === RESUMED_PER_TURN) break;
      this.#held.delete(socket);
      socket.resume();
    }
    if (this.#held.size > 0) this.#nextTurn = setImmediate(() => this.#turn());
  }
}

/** Counts the bytes of connections that are no longer parsed. */
const DROPPED = new WeakMap<Socket, (bytes: number) => void>();

/** From now on this connection is not parsed; its bytes are only counted. For one whose last answer was sent. */
export function dropRest(socket: Socket, onBytes: (bytes: number) => void): void {
  DROPPED.set(socket, onBytes);
  socket.resume();
}

/** Connections of which nothing is parsed for now. */
const UNPARSED = new WeakSet<Socket>();

/** Leaves the next bytes of this connection in the network until `parseAgain`, even if the socket is resumed. */
export function stopParsing(socket: Socket): void {
  UNPARSED.add(socket);
  socket.pause();
}

export function parseAgain(socket: Socket): void {
  UNPARSED.delete(socket);
  socket.resume();
}

/** Whether Node or the gateway has paused it. */
function isStopped(socket: Socket): boolean {
  return socket.isPaused() || Reflect.get(socket, "_paused") === true || UNPARSED.has(socket);
}

/** Answers whose end is waited for, each by one listener. */
const WATCHED = new WeakSet<ServerResponse>();

/** The answer that is being made or sent on a connection; null = it waits for a request. */
function answerOf(socket: Socket): ServerResponse | null {
  const answer: unknown = Reflect.get(socket, "_httpMessage");
  return answer instanceof ServerResponse ? answer : null;
}

/** The length of the first head, at most one portion. */
function headEnd(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END);
  return end === -1 ? PORTION_BYTES : Math.min(end + HEAD_END.byteLength, PORTION_BYTES);
}

/** Whether Node's HTTP server still owns it. */
function isParsed(socket: Socket): boolean {
  return Reflect.get(socket, "parser") !== null;
}

function isDense(bytes: Buffer): boolean {
  // Usual reads have few lines of any kind, and one byte is found sooner than two. Audio and images have many.
  return linesIn(bytes, LINE_FEED, DENSE_LINES) > DENSE_LINES && linesIn(bytes, LINE_END, DENSE_LINES) > DENSE_LINES;
}

/** Counted up to one more than `most`. */
function linesIn(bytes: Buffer, lineEnd: number | Uint8Array, most: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineEnd); at !== -1 && lines <= most; at = bytes.indexOf(lineEnd, at + 1)) lines += 1;
  return lines;
}
