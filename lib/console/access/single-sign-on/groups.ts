import { ROLES, type Role } from "../../kernel/can.shared";
import type { TenantScope } from "../../scope/tenant-scope.shared";

/** The other way to sign in, in addition to the password. */
export type Oidc = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  /** null = only admins give roles */
  readonly groups: OidcGroups | null;
};

/** Which group of the issuer gives which role. */
export type OidcGroups = {
  /** the claim that lists a person's groups */
  readonly claim: string;
  readonly roles: readonly { readonly group: string; readonly role: Role }[];
  /** the role of a person without a listed group; null = no access */
  readonly otherwise: Role | null;
  /** which group gives which tenants, by their slugs; "*" = all. Null = groups give no tenants */
  readonly tenants: readonly { readonly group: string; readonly tenants: readonly string[] | "*" }[] | null;
};

/**
 * The names in a claim: an array of texts, or one text, which is one name. Anything else in the array is passed over.
 * The claim is a key, or a path with dots (`realm_access.roles`). Null = there is no such claim, or it is no list.
 */
export function groupsIn(claims: unknown, claim: string): readonly string[] | null {
  const value = ownValue(claims, claim) ?? claim.split(".").reduce<unknown>(ownValue, claims);
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return null;
  return value.filter((one) => typeof one === "string");
}

/** Only what the issuer wrote: nothing inherited, so "__proto__" and "constructor" are absent. */
function ownValue(from: unknown, key: string): unknown {
  if (typeof from !== "object" || from === null || Array.isArray(from) || !Object.hasOwn(from, key)) return undefined;
  return Reflect.get(from, key);
}

/** The highest role that the names give, and by which group (null = the role for everybody else); null = no role. */
export function roleOfGroups(
  { roles, otherwise }: OidcGroups,
  names: readonly string[],
): { readonly role: Role; readonly group: string | null } | null {
  const own = new Set(names);
  const given = roles.filter(({ group }) => own.has(group));
  const [first] = given.toSorted((a, b) => ROLES.indexOf(b.role) - ROLES.indexOf(a.role));
  if (first !== undefined) return first;
  return otherwise === null ? null : { role: otherwise, group: null };
}

/**
 * The tenants that the names give together; null = no listed group, so none. A slug may be of a tenant that does not exist
 * yet: it counts from its creation on.
 */
export function tenantsOfGroups(
  given: NonNullable<OidcGroups["tenants"]>,
  names: readonly string[],
): { readonly scope: TenantScope } | null {
  const own = new Set(names);
  const lists = given.flatMap(({ group, tenants }) => (own.has(group) ? [tenants] : []));
  if (lists.length === 0) return null;
  const slugs = lists.flatMap((one) => (one === "*" ? [] : one));
  return { scope: lists.includes("*") ? null : [...new Set(slugs)].sort() };
}
