import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";

const markSchema = z.strictObject({
  v: z.literal(1),
  /** head: the log's last row at that time; cut: the last row that retention removed */
  kind: z.enum(["head", "cut"]),
  seq: z.number().int().min(1),
  hash: z.string().max(128),
  /** when it was signed, by the signing process's clock */
  at: z.iso.datetime(),
  /** which key signed it */
  key: z.string().max(32),
  signature: z.string().max(128),
});

/** A place in the audit log, signed with a key that the database does not know. */
export type Mark = Readonly<z.infer<typeof markSchema>>;

/** A stored mark, signed or not; null when the text is none. */
export function parseMark(text: string | null): Mark | null {
  if (text === null || !text.startsWith("{")) return null;
  try {
    return markSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * Signs places of the log with Ed25519 (RFC 8032), and verifies its own signatures and those of earlier keys. Copies of
 * the marks can be checked with the public key, and signed only with the private one.
 */
export class Signer {
  readonly #own: Pair;
  readonly #known: ReadonlyMap<string, KeyObject>;

  constructor(secret: string, earlier: readonly string[] = []) {
    this.#own = pairOf(secret);
    this.#known = new Map([secret, ...earlier].map(pairOf).map((pair) => [pair.id, pair.publicKey]));
  }

  /** SubjectPublicKeyInfo as PEM. */
  get publicKey(): string {
    return this.#own.publicKey.export({ type: "spki", format: "pem" }).toString();
  }

  sign(place: Pick<Mark, "kind" | "seq" | "hash"> & { readonly atMs: number }): Mark {
    const { kind, seq, hash, atMs } = place;
    const unsigned = { v: 1 as const, kind, seq, hash, at: new Date(atMs).toISOString(), key: this.#own.id };
    const signature = sign(null, signedText(unsigned), this.#own.privateKey).toString("base64url");
    return { ...unsigned, signature };
  }

  /** Whether the mark was signed with this installation's key, or an earlier one. */
  isOurs(mark: Mark): boolean {
    const key = this.#known.get(mark.key);
    return key !== undefined && verify(null, signedText(mark), key, Buffer.from(mark.signature, "base64url"));
  }
}

type Pair = { readonly id: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** The PKCS #8 prefix of an Ed25519 seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const SEED_BYTES = 32;
const ID_CHARS = 16;

function pairOf(secret: string): Pair {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "spillway audit marks", SEED_BYTES));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  const id = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
  return { id: id.slice(0, ID_CHARS), privateKey, publicKey };
}

/** No field may contain a line break, so no two marks have the same text. */
function signedText({ kind, seq, hash, at }: Omit<Mark, "signature">): Buffer {
  return Buffer.from(JSON.stringify(["spillway audit", kind, seq, hash, at]));
}
