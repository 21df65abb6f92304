import { rawFrom, statusOf } from "../fixtures/raw";

export type DialectName = "chat" | "messages";

/** One bad input: what is sent and what has to come back. Everything that is not named is as in a sound call. */
export type Row = {
  /** of the corpus in docs/security.md: H = HTTP, J = JSON, S = meaning, K = keys; several inputs share one */
  readonly id: string;
  readonly what: string;
  readonly send: Sent;
  /** `status code`, `status` alone when Node's parser or Next answers, or several of them with ` | ` between; what is not 200 may consume nothing */
  readonly answer: string | Readonly<Record<DialectName, string>>;
  readonly only?: DialectName;
};

export type Sent = {
  readonly method?: string;
  /** `{path}` stands for the endpoint's own path */
  readonly target?: string;
  readonly version?: string;
  /** `{key}` stands for the caller's key, in all of these */
  readonly lines?: readonly string[];
  /** header lines of a sound call that are left out, by lower-case name */
  readonly without?: readonly string[];
  readonly key?: KeyName;
  /** instead of a sound body */
  readonly body?: string | Buffer;
  /** laid over a sound body */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** raw JSON text of one more member of a sound body: for numbers and strings that no object can hold */
  readonly member?: string;
  /** written after the body */
  readonly after?: string | Buffer;
};

export type KeyName = "good" | "other" | "expired" | "revoked" | "narrow" | "none";
export type Keys = Readonly<Record<KeyName, string>>;

export const PATHS: Readonly<Record<DialectName, string>> = { chat: "/v1/chat/completions", messages: "/v1/messages" };
export const SOUND = { model: "sim-small", max_tokens: 16, messages: [{ role: "user", content: "hi" }] };

/** The bytes of a row, as they go to the socket. */
export function bytesOf(sent: Sent, dialect: DialectName, keys: Keys): Buffer {
  const { method = "POST", version = "HTTP/1.1", without = [], lines = [] } = sent;
  const filled = (text: string) =>
    text.replaceAll("{path}", PATHS[dialect]).replaceAll("{key}", keys.good).replaceAll("{other}", keys.other);
  const body = bodyOf(sent);
  const usual = [
    "Host: localhost",
    `Authorization: Bearer ${keys[sent.key ?? "good"]}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
  ].filter((line) => !without.includes(line.slice(0, line.indexOf(":")).toLowerCase()));
  const head = [`${method} ${filled(sent.target ?? "{path}")} ${version}`, ...usual, ...lines.map(filled)].join("\r\n");
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), body, Buffer.from(sent.after ?? "")]);
}

function bodyOf({ body, fields, member }: Sent): Buffer {
  if (body !== undefined) return Buffer.from(body);
  const text = JSON.stringify({ ...SOUND, ...fields });
  return Buffer.from(member === undefined ? text : `${text.slice(0, -1)},${member}}`);
}

let asked = 0;

/**
 * Sends a row and says what came back, as rows say it. A connection that ends without an answer is `closed`. Each comes
 * from another loopback address: wrong keys of one are soon turned away.
 */
export async function ask(baseUrl: string, row: Row, dialect: DialectName, keys: Keys): Promise<string> {
  asked += 1;
  const peer = `127.0.${1 + (asked >> 7)}.${1 + (asked & 127)}`;
  const answer = await rawFrom(peer, baseUrl, bytesOf(row.send, dialect, keys)).catch(() => "");
  return answerOf(answer);
}

/** Status and code of the last final answer on a connection. */
export function answerOf(text: string): string {
  const last = text.split(/(?=HTTP\/1\.[01] \d{3} )/).findLast((part) => part.startsWith("HTTP/1")) ?? "";
  const status = statusOf(last);
  if (status === 0) return "closed";
  const code = /"(?:error_)?code":"([a-z_0-9]+)"/.exec(last)?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}

export function isExpected(row: Row, dialect: DialectName, answer: string): boolean {
  return expectedOf(row, dialect).split(" | ").includes(answer);
}

export function expectedOf(row: Row, dialect: DialectName): string {
  return typeof row.answer === "string" ? row.answer : row.answer[dialect];
}
