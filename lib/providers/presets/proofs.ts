import type { Clock } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { Forward } from "../forward";
import { awsHeaders } from "./aws-signature";
import { GoogleTokens } from "./google-token";
import { keyIn } from "./provider-key";

type Sent = { readonly method: string; readonly url: URL; readonly body: Uint8Array };

/**
 * Headers that authenticate one call, where the credential is a key that is not itself sent; null = the key is sent, in
 * the target's headers.
 */
export type Prove = (
  provider: { readonly preset: string | null; readonly allowLocal: boolean },
  credential: string | null,
) => ((sent: Sent) => Promise<Record<string, string>>) | null;

export function makeProve({ forward, clock }: { forward: Forward; clock: Clock }): Prove {
  const tokens = new GoogleTokens(forward, () => clock.now());
  return (provider, credential) => {
    const key = keyIn(provider, credential);
    if (key === null) return null;
    if ("google" in key) {
      return async () => ({ authorization: `Bearer ${await tokens.tokenFor(key.google, provider.allowLocal)}` });
    }
    const { aws } = key;
    return async ({ method, url, body }) => {
      const region = aws.region ?? regionOf(url.hostname);
      if (region === null) {
        const message = "The provider's credential cannot be used: neither it nor the base URL names an AWS region.";
        throw new PublicError("upstream_auth", message);
      }
      const service = url.hostname.startsWith("bedrock-mantle.") ? "bedrock-mantle" : "bedrock";
      return awsHeaders({ credential: { ...aws, region }, service, method, url, body, nowMs: clock.now() });
    };
  };
}

function regionOf(hostname: string): string | null {
  return /(?:^|\.)([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(hostname)?.[1] ?? null;
}
