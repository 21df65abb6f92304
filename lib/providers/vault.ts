import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Seals credentials at rest. AES-256-GCM under a key derived per credential; the provider's id is bound in. */
export type Vault = {
  seal(providerId: string, credential: string): string;
  /** Throws when the text was changed, belongs to another provider, or was sealed under another secret. */
  unseal(providerId: string, sealed: string): string;
};

const VERSION = "v1";
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `secrets`: the first seals; all open what they sealed. Each at least 32 characters. */
export function makeVault(secrets: readonly [string, ...string[]]): Vault {
  if (secrets.some((secret) => secret.length < 32)) throw new Error("a vault's secret has at least 32 characters");
  return {
    seal(providerId, credential) {
      const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
      const cipher = createCipheriv("aes-256-gcm", keyOf(secrets[0], salt), nonce).setAAD(boundTo(providerId));
      const text = Buffer.concat([cipher.update(credential, "utf8"), cipher.final()]);
      return `${VERSION}.${Buffer.concat([salt, nonce, cipher.getAuthTag(), text]).toString("base64url")}`;
    },
    unseal(providerId, sealed) {
      const [version, data = ""] = sealed.split(".");
      if (version !== VERSION) throw new Error("a sealed credential of an unknown form");
      const bytes = Buffer.from(data, "base64url");
      const at = [SALT_BYTES, SALT_BYTES + NONCE_BYTES, SALT_BYTES + NONCE_BYTES + TAG_BYTES] as const;
      for (const secret of secrets) {
        const key = keyOf(secret, bytes.subarray(0, at[0]));
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(at[0], at[1]));
        decipher.setAAD(boundTo(providerId)).setAuthTag(bytes.subarray(at[1], at[2]));
        try {
          return Buffer.concat([decipher.update(bytes.subarray(at[2])), decipher.final()]).toString("utf8");
        } catch {
          // Sealed under another of the secrets, or not by us: the next one is tried.
        }
      }
      throw new Error("a sealed credential does not open");
    },
  };
}

function keyOf(secret: string, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, salt, "spillway provider credential", 32));
}

function boundTo(providerId: string): Uint8Array {
  return Buffer.from(`provider|${providerId}`);
}
