import net from "node:net";

/** One hostile connection's life: it opens one, does harm until that is closed, and ends. Done over and over. */
export type Attack = (target: {
  readonly url: string;
  readonly key: string;
  readonly signal: AbortSignal;
}) => Promise<number>;

const CHAT = "POST /v1/chat/completions HTTP/1.1";
const PIECE_BYTES = 64 * 1024;
const LARGE_BYTES = 4 * 1024 * 1024 - 1024;

const asked = (content: string, more: object = {}) =>
  JSON.stringify({ model: "sim-small", max_tokens: 16, messages: [{ role: "user", content }], ...more });

function head(line: string, key: string, lines: readonly string[]): string {
  const all = [line, "Host: localhost", `Authorization: Bearer ${key}`, "Content-Type: application/json", ...lines];
  return `${all.join("\r\n")}\r\n\r\n`;
}

const whole = (key: string, body: string, lines: readonly string[] = []) =>
  head(CHAT, key, [`Content-Length: ${Buffer.byteLength(body)}`, ...lines]) + body;

type Manner = {
  /** what is written, piece by piece, as fast as the socket takes it; a function is asked for more until it has none */
  readonly send: (key: string) => Iterable<string | Buffer>;
  readonly reads?: boolean;
  /** answers after which it hangs up; without it waits to be closed */
  readonly answers?: number;
};

function* endless(piece: Buffer): Generator<Buffer> {
  for (let sent = 0; sent < 6 * LARGE_BYTES; sent += piece.byteLength) yield piece;
}

const CRUMBS = Buffer.from("1\r\na\r\n".repeat(PIECE_BYTES / 6));
const LARGE = asked("the quick brown fox ".repeat(LARGE_BYTES / 20));
const DEEP = `{"a":${"[".repeat(1024 * 1024)}`;
const WIDE = `{"a":[${"1,".repeat(LARGE_BYTES / 2 - 20)}1]}`;
const LONG_ANSWER = asked(`sim:${JSON.stringify({ outputTokens: 20_000 })}`, { stream: true, max_tokens: 20_000 });

const MANNERS = {
  "one-byte chunks": {
    *send(key) {
      yield head(CHAT, key, ["Transfer-Encoding: chunked"]);
      yield* endless(CRUMBS);
    },
  },
  "4 MB bodies": { send: (key) => [whole(key, LARGE)], answers: 1 },
  "half-sent bodies": { send: (key) => [head(CHAT, key, [`Content-Length: ${LARGE_BYTES}`]), '{"model":"'] },
  "slow readers": { send: (key) => [whole(key, LONG_ANSWER)], reads: false },
  "deep JSON": { send: (key) => [whole(key, DEEP)], answers: 1 },
  "wide JSON": { send: (key) => [whole(key, WIDE)], answers: 1 },
  "sign-in bodies": {
    *send(key) {
      yield head("POST /api/auth/sign-in/email HTTP/1.1", key, ["Transfer-Encoding: chunked"]);
      yield* endless(Buffer.from(`ffff\r\n${"x".repeat(0xffff)}\r\n`));
    },
  },
  "half-sent headers": { send: () => [`${CHAT}\r\nHost: localhost\r\nx-slow: `] },
  "many headers": {
    send: (key) => [
      head(
        "GET /v1/models HTTP/1.1",
        key,
        Array.from({ length: 900 }, (_, nth) => `x-${nth}: ${nth}`),
      ),
    ],
    answers: 1,
  },
  "early refusals": { send: (key) => Array.from({ length: 50 }, () => whole(key, "{")), answers: 50 },
  "pipelined calls": { send: (key) => [Buffer.from(whole(key, asked("hi")).repeat(500))], answers: 500 },
} as const satisfies Record<string, Manner>;

export type AttackKind = keyof typeof MANNERS;
export const ATTACK_KINDS: readonly AttackKind[] = Object.keys(MANNERS).filter(isKind);

export function isKind(name: string): name is AttackKind {
  return Object.hasOwn(MANNERS, name);
}

/** Resolves with the first status that came back; 0 = none. */
export function attack(kind: AttackKind): Attack {
  const { send, reads = true, answers = Number.POSITIVE_INFINITY }: Manner = MANNERS[kind];
  return ({ url, key, signal }) =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      const socket = net.connect({ host: hostname, port: Number(port) });
      const pieces = send(key)[Symbol.iterator]();
      let status = 0;
      let seen = 0;
      const more = () => {
        while (!socket.destroyed) {
          const next = pieces.next();
          if (next.done === true) return;
          if (!socket.write(next.value)) return void socket.once("drain", more);
        }
      };
      const hangUp = () => socket.destroy();
      signal.addEventListener("abort", hangUp, { once: true });
      socket.on("connect", more);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        signal.removeEventListener("abort", hangUp);
        resolve(status);
      });
      if (!reads) {
        socket.pause();
        return;
      }
      socket.on("data", (chunk) => {
        const lines = chunk.toString("latin1").match(/HTTP\/1\.1 \d{3}/g) ?? [];
        status ||= Number(lines[0]?.slice(-3) ?? 0);
        seen += lines.length;
        if (seen >= answers) socket.destroy();
      });
      if (signal.aborted) hangUp();
    });
}
