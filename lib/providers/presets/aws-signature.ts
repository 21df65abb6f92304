import { createHash, createHmac } from "node:crypto";

export type AwsCredential = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly region: string;
};

/** The signed parts of a call: its target and its body. Other headers are not signed, because proxies may add some. */
type Signed = {
  readonly credential: AwsCredential;
  readonly service: string;
  readonly method: string;
  /** as sent, with its query */
  readonly url: URL;
  readonly body: Uint8Array;
  readonly nowMs: number;
};

/**
 * The headers that prove a call to AWS (Signature Version 4,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). The service checks that the
 * clock is within five minutes of its own.
 */
export function awsHeaders({ credential, service, method, url, body, nowMs }: Signed): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken, region } = credential;
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const day = time.slice(0, "YYYYMMDD".length);
  const signed: Record<string, string> = { host: url.host, "x-amz-date": time };
  if (sessionToken !== null) signed["x-amz-security-token"] = sessionToken;
  const names = Object.keys(signed).join(";");
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value.trim()}\n`);
  const request = [method, canonicalPath(url), canonicalQuery(url), lines.join(""), names, sha256(body)].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(request)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const { host: _host, ...sent } = signed;
  const proof = `Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization: `AWS4-HMAC-SHA256 ${proof}` };
}

/** Every service but S3 encodes the already encoded path again. */
function canonicalPath({ pathname }: URL): string {
  return pathname.split("/").map(encoded).join("/");
}

function canonicalQuery({ searchParams }: URL): string {
  const pairs = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return pairs.sort().join("&");
}

/** RFC 3986: also encodes what `encodeURIComponent` leaves beyond the unreserved characters. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
