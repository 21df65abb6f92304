import { sql } from "drizzle-orm";
import { boolean, check, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";
import { tiers } from "./limits";

/** Paying organisations: the isolation boundary. */
export const tenants = pgTable(
  "tenants",
  {
    id: text("id").primaryKey(),
    slug: text("slug").notNull().unique(),
    name: text("name").notNull(),
    tierId: text("tier_id")
      .notNull()
      .references(() => tiers.id),
    /** IANA zone of the tenant's days and months */
    timeZone: text("time_zone").notNull().default("UTC"),
    /** fixed cost class per feature: S, M, L or XL */
    featureClasses: jsonb("feature_classes").$type<Record<string, "S" | "M" | "L" | "XL">>().notNull().default({}),
    /** how many requests one call of a cost class counts as; a class that is not listed has the default */
    classPermits: jsonb("class_permits").$type<Partial<Record<"S" | "M" | "L" | "XL", number>>>().notNull().default({}),
    /** active, or suspended: every call gets 403 */
    status: text("status").notNull().default("active"),
    /** grows when the links to its own page are revoked */
    linkVersion: integer("link_version").notNull().default(1),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index("tenants_tier").on(table.tierId),
    check("tenants_status", sql`${table.status} in ('active', 'suspended')`),
  ],
);

/** Operators' notes for each other about a tenant. */
export const tenantNotes = pgTable(
  "tenant_notes",
  {
    id: text("id").primaryKey(),
    tenantId: text("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    text: text("text").notNull(),
    writtenBy: text("written_by").notNull(),
    writtenAt: timestamp("written_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index("tenant_notes_tenant").on(table.tenantId, table.writtenAt)],
);

/** End users as the tenant's own callers name them; written when their first call is recorded. */
export const users = pgTable(
  "users",
  {
    tenantId: text("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    /** HMAC of the name the caller sent: the only form that reaches a counter */
    digest: text("digest").notNull(),
    /** the name the caller sent, at most 512 characters */
    name: text("name").notNull(),
    firstSeenAt: timestamp("first_seen_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [uniqueIndex("users_tenant_digest").on(table.tenantId, table.digest)],
);

/** API keys. The key itself is never stored, only its HMAC under a versioned pepper. */
export const keys = pgTable(
  "keys",
  {
    /** public id, 12 base62 characters: the `kid` inside the key */
    id: text("id").primaryKey(),
    tenantId: text("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    /** keys of one rotation share a family, and with it every counter */
    familyId: text("family_id").notNull(),
    name: text("name").notNull(),
    /** production, staging or development */
    environment: text("environment").notNull(),
    /** HMAC-SHA-256 of the whole key, hex */
    hmac: text("hmac").notNull(),
    pepperVersion: integer("pepper_version").notNull(),
    last4: text("last4").notNull(),
    /** active or revoked */
    status: text("status").notNull().default("active"),
    /** model slugs this key may call; null = all */
    models: text("models").array(),
    /** endpoints this key may call; null = all */
    endpoints: text("endpoints").array(),
    /** the most urgent priority that its calls may have: one of PRIORITIES (lib/limits) */
    priority: text("priority").notNull().default("interactive"),
    /** CIDR ranges this key may call from; null = any */
    ipAllow: text("ip_allow").array(),
    /** the largest body of its calls, in MiB; null = BODY_MB_MAX */
    bodyMbMax: integer("body_mb_max"),
    /** the key that this one replaces; this one's first use sets that key's end */
    rotatesKeyId: text("rotates_key_id"),
    /** how long the replaced key lives after that */
    overlapSeconds: integer("overlap_seconds"),
    /** planned days from its creation to its replacement; null = no schedule */
    rotateDays: integer("rotate_days"),
    /** whether its holder may replace it without an operator */
    holderMayRotate: boolean("holder_may_rotate").notNull().default(false),
    /** made by the holder of the key that it replaces, not by an operator */
    madeByHolder: boolean("made_by_holder").notNull().default(false),
    /** null = does not expire */
    expiresAt: timestamp("expires_at", { withTimezone: true }),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    lastUsedAt: timestamp("last_used_at", { withTimezone: true }),
    revokedAt: timestamp("revoked_at", { withTimezone: true }),
  },
  (table) => [
    index("keys_tenant").on(table.tenantId),
    index("keys_family").on(table.familyId),
    check("keys_status", sql`${table.status} in ('active', 'revoked')`),
  ],
);
