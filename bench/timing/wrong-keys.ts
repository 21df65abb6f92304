import { checksumOf, makeApiKey, parseApiKey } from "@/lib/gateway/caller/api-key";

/** Ways to make a refused key with a correct checksum from a valid one. The first belongs to no tenant. */
export function wrongKeys(good: string): Readonly<Record<string, () => string>> {
  const known = parseApiKey(good);
  if (known === null) throw new Error("that is no key");
  const { environment, id } = known;
  const [scheme, , , secret = ""] = good.split("_");
  const withSecret = (other: string) => {
    const start = `${scheme}_${environment}_${id}_${other}`;
    return `${start}_${checksumOf(start)}`;
  };
  const swapped = (letter: string) => (letter === "A" ? "B" : "A");
  return {
    "an unknown key": () => makeApiKey(environment).text,
    "a wrong secret": () => makeApiKey(environment, id).text,
    "a secret wrong in its first letter": () => withSecret(swapped(secret.charAt(0)) + secret.slice(1)),
    "a secret wrong in its last letter": () => withSecret(secret.slice(0, -1) + swapped(secret.slice(-1))),
  };
}
