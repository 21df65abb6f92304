import { z } from "zod";
import { groupsIn, type Oidc } from "./groups";

/** Whom the issuer has signed in. */
export type Person = {
  readonly subject: string;
  /** lower case */
  readonly email: string;
  readonly isEmailVerified: boolean;
  readonly name: string;
  /** "unreadable" = the issuer could not tell now; that says nothing about the person */
  readonly groups: readonly string[] | "unreadable";
};

export type Tokens = { readonly idToken?: string | undefined; readonly accessToken?: string | undefined };

const USERINFO_MS = 10_000;
const claimsOf = z.looseObject({
  sub: z.string().min(1),
  email: z.string().optional().catch(undefined),
  email_verified: z.unknown().optional(),
  name: z.string().optional().catch(undefined),
});
const discovery = z.looseObject({ userinfo_endpoint: z.url({ protocol: /^https?$/ }).optional() });

export const discoveryOf = (issuer: string) => `${issuer}/.well-known/openid-configuration`;

/**
 * Reads a verified ID token, and the userinfo endpoint for an address or groups that the token does not have. Null = no
 * ID token, no address, or a userinfo answer about somebody else.
 */
export async function personOf(
  { issuer, groups }: Pick<Oidc, "issuer" | "groups">,
  tokens: Tokens,
): Promise<Person | null> {
  const token = payloadOf(tokens.idToken ?? "");
  if (token === null) return null;
  const isComplete = token.email !== undefined && (groups === null || groupsIn(token, groups.claim) !== null);
  const more = isComplete ? null : await userinfo(issuer, tokens.accessToken ?? "");
  if (more !== null && more !== "unreadable" && more.sub !== token.sub) return null;
  const told = more === null || more === "unreadable" ? null : more;
  const from = token.email === undefined ? told : token;
  if (from?.email === undefined) return null;
  return {
    subject: token.sub,
    email: from.email.toLowerCase(),
    // Some issuers send the text "true". The text "false" is not true.
    isEmailVerified: from.email_verified === true || from.email_verified === "true",
    name: token.name ?? told?.name ?? "",
    groups: groups === null ? [] : namesOf({ claim: groups.claim, token, more }),
  };
}

type Claims = z.infer<typeof claimsOf>;

function namesOf({ claim, token, more }: { claim: string; token: Claims; more: Claims | "unreadable" | null }) {
  const names = groupsIn(token, claim);
  if (names !== null) return names;
  if (more === "unreadable") return more;
  // Entra ID sends a pointer in place of more than 200 groups (OpenID Connect Core, 5.6.2).
  const isElsewhere = [token, more].some((one) => groupsIn(one, `_claim_names.${claim}`) !== null);
  return groupsIn(more, claim) ?? (isElsewhere ? "unreadable" : []);
}

function payloadOf(token: string): Claims | null {
  try {
    return claimsOf.parse(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")));
  } catch {
    return null;
  }
}

/** Null = the issuer has no such endpoint. */
async function userinfo(issuer: string, accessToken: string): Promise<Claims | "unreadable" | null> {
  try {
    const { userinfo_endpoint: url } = discovery.parse(await readJson(discoveryOf(issuer), {}));
    if (url === undefined) return null;
    return claimsOf.parse(await readJson(url, { authorization: `Bearer ${accessToken}` }));
  } catch {
    return "unreadable";
  }
}

async function readJson(url: string, headers: Record<string, string>): Promise<unknown> {
  const answer = await fetch(url, { headers, redirect: "error", signal: AbortSignal.timeout(USERINFO_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}
