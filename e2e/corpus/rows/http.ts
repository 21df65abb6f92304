import type { Row, Sent } from "../row";
import { sends } from "./make";

const SOUND = '{"model":"sim-small","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}';
const chunked = { without: ["content-length"], lines: ["Transfer-Encoding: chunked"] };
const coded = (value: string): Sent => ({ without: ["content-length"], lines: [`Transfer-Encoding: ${value}`] });
const CHUNKED = `${SOUND.length.toString(16)}\r\n${SOUND}\r\n0\r\n\r\n`;
const length = (value: string): Sent => ({ without: ["content-length"], lines: [`Content-Length: ${value}`] });
const line = (value: string): Sent => ({ lines: [value] });
const host = (value: string): Sent => ({ without: ["host"], lines: [`Host: ${value}`] });
const type = (value: string): Sent => ({ without: ["content-type"], lines: [`Content-Type: ${value}`] });

/** What the server's parser and door have to make of requests that are ambiguous, too much or not ours. */
export const HTTP_ROWS: readonly Row[] = [
  ...sends("H-01", "400", { "a length and chunked": line("Transfer-Encoding: chunked") }),
  ...sends("H-02", "400", {
    "two different lengths": line("Content-Length: 7"),
    "two equal lengths": { without: ["content-length"], lines: ["Content-Length: 0", "Content-Length: 0"], body: "" },
  }),
  ...sends("H-03", "400", {
    "a length of -1": length("-1"),
    "a length of +7": length("+7"),
    "a length of 1e3": length("1e3"),
    "a length of 0x10": length("0x10"),
    "a length of 20 digits": length("99999999999999999999"),
    "two lengths in one": length("7, 7"),
    "no length": length(""),
  }),
  ...sends("H-04", "400", {
    "an unknown coding": line("Transfer-Encoding: xchunked"),
    "chunked, then identity": { without: ["content-length"], lines: ["Transfer-Encoding: chunked, identity"] },
    "a space before the colon": { without: ["content-length"], lines: ["Transfer-Encoding : chunked"] },
    "a tab before the colon": { without: ["content-length"], lines: ["Transfer-Encoding\t: chunked"] },
  }),
  ...sends("H-04", "501 bad_framing", {
    "packed, then chunked": { ...coded("gzip, chunked"), body: CHUNKED },
    "deflated, then chunked": { ...coded("deflate,chunked"), body: CHUNKED },
  }),
  ...sends("H-04", "400 bad_framing", { "chunks in HTTP/1.0": { ...chunked, version: "HTTP/1.0", body: CHUNKED } }),
  ...sends("H-05", "400 | 400 invalid_json | closed", {
    "a chunk size ZZ": { ...chunked, body: "ZZ\r\n{}\r\n0\r\n\r\n" },
    "a chunk size -1": { ...chunked, body: "-1\r\n{}\r\n0\r\n\r\n" },
    "a chunk size of 17 digits": { ...chunked, body: "10000000000000002\r\n{}\r\n0\r\n\r\n" },
    "a chunk that is longer than told": { ...chunked, body: "1\r\n{}\r\n0\r\n\r\n" },
    "a chunk size with a space": { ...chunked, body: "2 \r\n{}\r\n0\r\n\r\n" },
    "line feeds alone": { ...chunked, body: "2\n{}\n0\n\n" },
  }),
  ...sends("H-06", "413 | closed", {
    "a chunk extension of 20 KB": { ...chunked, body: `2;${"e".repeat(20_000)}\r\n{}\r\n0\r\n\r\n` },
  }),
  ...sends("H-07", "400", {
    "NUL in a header": line("X-A: a\0b"),
    "a line feed in a header": line("X-A: a\nX-B: b"),
    "a carriage return in a header": line("X-A: a\rb"),
    "a folded header": line("X-A: a\r\n b"),
    "a header without a name": line(": a"),
    "a header without a colon": line("nonsense"),
    "a name with a space": line("X A: b"),
  }),
  ...sends("H-08", "431 | closed", {
    "17 KB of one header": line(`X-A: ${"a".repeat(17_000)}`),
    "3,000 headers": { lines: Array.from({ length: 3000 }, (_, index) => `X-${index}: a`) },
    "a target of 20 KB": { target: `/v1/${"a".repeat(20_000)}` },
  }),
  ...sends("H-08", "414 target_too_long", { "a target of 3 KB": { target: `/v1/${"a".repeat(3000)}` } }),
  ...sends("H-09", "431 too_many_headers", {
    "101 sound header lines": { lines: Array.from({ length: 101 }, (_, index) => `X-${index}: a`) },
  }),
  ...sends("H-10", "400", { "no host": { without: ["host"] } }),
  ...sends("H-11", "400 bad_host", {
    "two hosts": line("Host: localhost"),
    "an empty host": host(""),
    "a host with a path": host("a/?"),
    "a host with a fragment": host("x/#"),
    "a host with a user": host("a@b"),
    "half an address": host("[::1"),
    "a host with a space": host("a b"),
    "two hosts in one line": host("localhost, evil.test"),
  }),
  ...sends("H-11", "421 unknown_host", {
    "another host": host("evil.test"),
    "ours as a subdomain of another": host("localhost.evil.test"),
    "another of the same end": host("evillocalhost"),
  }),
  ...sends("H-12", "400 bad_target", {
    "an absolute target": { target: "http://169.254.169.254/v1/models" },
    "an absolute target of ours": { target: "http://localhost{path}" },
    "an asterisk": { method: "OPTIONS", target: "*", body: "" },
  }),
  ...sends("H-13", "404 not_found | 400 bad_target | 400", {
    "a target that begins with another host": { target: "//evil.test/v1/models" },
    "the same with a backslash": { target: "/\\evil.test" },
    "the same, encoded": { target: "/%5cevil.test" },
  }),
  ...sends("H-14", "405 method_not_allowed", { TRACE: { method: "TRACE" } }),
  ...sends("H-14", "405", { CONNECT: { method: "CONNECT", target: "a:443", body: "" } }),
  ...sends("H-14", "400", {
    "an unknown method": { method: "FOO" },
    "the preface of HTTP/2": { method: "PRI", target: "*", version: "HTTP/2.0", body: "" },
    "HTTP/9.9": { version: "HTTP/9.9" },
    "a lower-case method": { method: "post" },
  }),
  ...sends("H-14", "505 bad_framing", { "HTTP/2.0 in plain text": { version: "HTTP/2.0" } }),
  ...["GET", "PUT", "DELETE", "PATCH"].flatMap((method) =>
    sends("H-15", "405 method_not_allowed", { [method]: { method, body: "" } }),
  ),
  ...sends("H-16", "405", { HEAD: { method: "HEAD", body: "" } }),
  ...sends("H-16", "404", { "HEAD of what is not there": { method: "HEAD", target: "/v1/nothing", body: "" } }),
  ...sends("H-17", "204", {
    "OPTIONS from another origin": { method: "OPTIONS", lines: ["Origin: https://evil.test"], body: "" },
  }),
  ...sends("H-18", "426", {
    "an upgrade": { without: ["connection"], lines: ["Connection: Upgrade", "Upgrade: websocket"] },
    "an upgrade elsewhere": {
      method: "GET",
      target: "http://169.254.169.254/",
      body: "",
      without: ["connection"],
      lines: ["Connection: Upgrade", "Upgrade: websocket"],
    },
  }),
  ...sends("H-19", "417", { "an odd expectation": line("Expect: 200-ok") }),
  ...sends("H-20", "415 unsupported_media_type", {
    "no type": { without: ["content-type"] },
    "plain text": type("text/plain"),
    "a form": type("application/x-www-form-urlencoded"),
    "a form in parts": type("multipart/form-data; boundary=a"),
    "another character set": type("application/json; charset=utf-16"),
    "a type of our own": type("application/vnd.x+json"),
    "two types": type("application/json, text/plain"),
    "no subtype": type("application/"),
    "a parameter without a value": type("application/json; charset"),
    "a parameter without a name": type("application/json; =utf-8"),
    "a quote that does not end": type('application/json; charset="utf-8'),
    "a parameter twice": type("application/json; charset=utf-8; charset=utf-16"),
  }),
  ...sends("H-21", "200", { "a character set": type("application/json; charset=utf-8") }),
  ...sends("H-22", "415 unsupported_content_encoding", {
    gzip: line("Content-Encoding: gzip"),
    "three encodings": line("Content-Encoding: gzip, gzip, br"),
    "an unknown encoding": line("Content-Encoding: zip"),
  }),
  ...sends(
    "H-23",
    { chat: "413 body_too_large", messages: "413 request_body_too_large_after_decoding | 413 body_too_large" },
    { "a length far over the cap, and no body": { ...length("4000000000"), body: "" } },
  ),
  ...sends("H-28", "400 invalid_json", {
    "an empty body": { body: "" },
    "white space alone": { body: " \n\t " },
  }),
  ...sends("H-28", "400 missing_field", { "an empty object": { body: "{}" } }),
  // Agents put a slash at the end of a base URL.
  ...sends("H-29", "200", { "a slash at the end": { target: "{path}/" } }),
  ...sends("H-29", "404 not_found", {
    "another case": { target: "/V1/Chat/completions" },
    "a path parameter": { target: "/v1;x/chat/completions" },
    "two slashes": { target: "/v1//chat/completions" },
    "an encoded slash": { target: "/v1/chat%2fcompletions" },
    "an encoded letter": { target: "/v1/ch%61t/completions" },
    "dot segments": { target: "/x/../v1/chat/completions" },
    "encoded dots": { target: "/x/%2e%2e/v1/chat/completions" },
    "a backslash": { target: "/v1\\chat\\completions" },
    "an unknown endpoint": { target: "/v1/audio/translations" },
  }),
  ...sends("H-30", "400 | 404 not_found", {
    "a broken escape": { target: "/v1/%zz" },
    "bytes that are no text": { target: "/v1/%ff%fe" },
    "an encoded NUL": { target: "/v1/%00" },
    "a raw byte over 127": { target: "/v1/\u00ff" },
    "a raw control character": { target: "/v1/\u0001" },
  }),
  ...sends(
    "H-31",
    "200",
    Object.fromEntries(
      [
        "x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware",
        "x-nextjs-data: 1",
        `next-action: 40${"a".repeat(40)}`,
        "RSC: 1",
        "next-router-prefetch: 1",
        "x-invoke-path: /api/admin/overview",
        "x-matched-path: /api/admin/overview",
        "x-http-method-override: GET",
        "x-original-url: /api/admin/overview",
        "x-rewrite-url: /api/admin/overview",
      ].map((value) => [value.split(":")[0], line(value)]),
    ),
  ),
  ...sends("H-32", "200", {
    "a forwarded host": line("x-forwarded-host: evil.test"),
    "a forwarded scheme": line("x-forwarded-proto: http"),
    forwarded: line("forwarded: for=1.1.1.1;host=evil.test"),
  }),
  ...sends("H-34", "400 bad_connection_header", {
    "a connection header that names the key's": {
      without: ["connection"],
      lines: ["Connection: close, authorization, x-api-key, content-length"],
    },
  }),
  ...sends("H-35", "200", {
    "a trailer that names another key": { ...chunked, body: chunkOf(SOUND, "Authorization: Bearer sw_live_other") },
  }),
  ...sends("H-35", "400", { "a trailer with a length": { ...chunked, body: chunkOf(SOUND, "Content-Length: 5") } }),
  ...sends("H-36", "200", { "HTTP/1.0": { version: "HTTP/1.0", without: ["connection"] } }),
  ...sends("H-38", "401 key_in_url", {
    "a key in the target": { target: "{path}?api_key={key}", without: ["authorization"] },
    "a key in the target and in a header": { target: "{path}?key={key}" },
  }),
];

function chunkOf(body: string, trailer: string): string {
  return `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n${trailer}\r\n\r\n`;
}
