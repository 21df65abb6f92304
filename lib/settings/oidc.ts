import { z } from "zod";
import { BootFault } from "../errors";

/** The console's roles, as OIDC_ROLES may name them. */
const role = z.enum(["viewer", "operator", "admin"]);

/** The variables of single sign-on. */
export const OIDC_VARIABLES = {
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_NAME: z.string().max(40).default("single sign-on"),
  OIDC_SCOPES: z
    .string()
    .default("openid email profile")
    .transform((text) => text.split(" ").filter((name) => name !== ""))
    .refine((names) => names.includes("openid"), "must have openid among them; names with spaces between"),
  OIDC_ROLES: z.string().default("").transform(rolesOf),
  OIDC_ROLES_CLAIM: z.string().min(1).max(200).default("groups"),
  OIDC_ROLE_DEFAULT: z.enum(["viewer", "operator"]).optional(),
  OIDC_TENANTS: z.string().default("").transform(tenantsOf),
};

/** Which group of the issuer gives which role. */
export type OidcGroups = {
  /** the claim that lists a person's groups */
  readonly claim: string;
  readonly roles: readonly { readonly group: string; readonly role: z.infer<typeof role> }[];
  /** the role of a person without a listed group; null = no access */
  readonly otherwise: z.infer<typeof role> | null;
  /** which group gives which tenants, by their slugs; "*" = all. Null = groups give no tenants */
  readonly tenants: readonly { readonly group: string; readonly tenants: readonly string[] | "*" }[] | null;
};

/** Where operators sign in other than by password. */
export type OidcSettings = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** null = only admins give roles */
  readonly groups: OidcGroups | null;
};

type Raw = z.infer<z.ZodObject<typeof OIDC_VARIABLES>>;

/** Null = no single sign-on. Throws for variables that do not belong together. */
export function oidcOf(raw: Raw): OidcSettings | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret, OIDC_NAME: name } = raw;
  const groups = groupsOf(raw);
  if (issuer === undefined && clientId === undefined && clientSecret === undefined) {
    if (groups !== null) throw new BootFault("OIDC_ROLES needs OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET");
    return null;
  }
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) {
    throw new BootFault("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together: set all three");
  }
  return { issuer: issuer.replace(/\/$/, ""), clientId, clientSecret, name, scopes: raw.OIDC_SCOPES, groups };
}

function groupsOf(raw: Raw): OidcGroups | null {
  const { OIDC_ROLES: roles, OIDC_ROLES_CLAIM: claim, OIDC_ROLE_DEFAULT: otherwise, OIDC_TENANTS: tenants } = raw;
  if (roles.length > 0) return { claim, roles, otherwise: otherwise ?? null, tenants };
  if (tenants !== null) throw new BootFault("OIDC_TENANTS needs OIDC_ROLES");
  if (otherwise !== undefined) throw new BootFault("OIDC_ROLE_DEFAULT needs OIDC_ROLES");
  return null;
}

/** "group=role, group=role". The role is behind the last "="; a comma or "%" in a name is written as %2C or %25. */
function rolesOf(text: string, context: z.RefinementCtx): OidcGroups["roles"] {
  const roles: OidcGroups["roles"][number][] = [];
  const fault = (message: string) => context.addIssue({ code: "custom", message });
  for (const entry of text.split(",")) {
    const pair = entry.trim();
    if (pair === "") continue;
    const at = pair.lastIndexOf("=");
    const name = decoded(pair.slice(0, Math.max(at, 0)).trim());
    const given = role.safeParse(pair.slice(at + 1).trim());
    if (name === null || name === "" || !given.success) {
      fault(`"${pair}" must be group=role, with the role viewer, operator or admin`);
    } else if (roles.some(({ group }) => group === name)) {
      fault(`the group "${name}" is listed twice`);
    } else roles.push({ group: name, role: given.data });
  }
  return roles;
}

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const givenTenants = z.record(
  z.string().min(1),
  z.union([z.literal("*"), z.array(z.union([slug, z.literal("*")])).min(1)]),
);

/** {"group": ["tenant", …], "group": "*"}. An empty text sets nothing; an empty object gives no tenant to anybody. */
function tenantsOf(text: string, context: z.RefinementCtx): OidcGroups["tenants"] {
  if (text.trim() === "") return null;
  const given = givenIn(text);
  if (given === null) {
    const message =
      'must be JSON such as {"acme-support": ["acme"], "platform": "*"}: groups with slugs of tenants, or "*"';
    context.addIssue({ code: "custom", message });
    return null;
  }
  return Object.entries(given).map(([group, tenants]) => ({
    group,
    tenants: tenants === "*" || tenants.includes("*") ? "*" : [...new Set(tenants)].sort(),
  }));
}

function givenIn(text: string): z.infer<typeof givenTenants> | null {
  try {
    return givenTenants.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Null = not percent-encoded text. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
