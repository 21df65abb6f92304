import { boolean, index, integer, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";

/** Operators of the console, in the form that better-auth's core and admin plugin expect. */
export const staff = pgTable("staff", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: boolean("email_verified").notNull().default(false),
  image: text("image"),
  /** viewer, operator or admin */
  role: text("role").notNull().default("viewer"),
  /** who gives the role: hand (an admin) or groups (the issuer of single sign-on, at each sign-in) */
  roleFrom: text("role_from").notNull().default("hand"),
  /** slugs of the tenants that the operator sees and acts on, also of some that are made later; null = all, empty = none */
  tenants: text("tenants").array(),
  banned: boolean("banned").notNull().default(false),
  banReason: text("ban_reason"),
  banExpires: timestamp("ban_expires", { withTimezone: true }),
  /** sign-in by password also requires a code */
  twoFactorEnabled: boolean("two_factor_enabled").notNull().default(false),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});

export const staffSessions = pgTable(
  "staff_sessions",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => staff.id, { onDelete: "cascade" }),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    impersonatedBy: text("impersonated_by"),
    /** last password check within the session; null = only at sign-in */
    confirmedAt: timestamp("confirmed_at", { withTimezone: true }),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
  },
  // Serves "sessions of this operator" (list, revoke all).
  (table) => [index("staff_sessions_user").on(table.userId)],
);

export const staffAccounts = pgTable("staff_accounts", {
  id: text("id").primaryKey(),
  accountId: text("account_id").notNull(),
  providerId: text("provider_id").notNull(),
  userId: text("user_id")
    .notNull()
    .references(() => staff.id, { onDelete: "cascade" }),
  accessToken: text("access_token"),
  refreshToken: text("refresh_token"),
  idToken: text("id_token"),
  accessTokenExpiresAt: timestamp("access_token_expires_at", { withTimezone: true }),
  refreshTokenExpiresAt: timestamp("refresh_token_expires_at", { withTimezone: true }),
  scope: text("scope"),
  /** scrypt hash, made and read by better-auth alone */
  password: text("password"),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});

export const staffVerifications = pgTable("staff_verifications", {
  id: text("id").primaryKey(),
  identifier: text("identifier").notNull(),
  value: text("value").notNull(),
  expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});

/** An operator's authenticator app: at most one each. Secret and recovery codes are encrypted by better-auth. */
export const staffSecondFactors = pgTable("staff_second_factors", {
  id: text("id").primaryKey(),
  userId: text("user_id")
    .notNull()
    .unique()
    .references(() => staff.id, { onDelete: "cascade" }),
  secret: text("secret").notNull(),
  backupCodes: text("backup_codes").notNull(),
  /** false until its first correct code */
  verified: boolean("verified").notNull().default(false),
  /** consecutive wrong codes at sign-in */
  failedVerificationCount: integer("failed_verification_count").notNull().default(0),
  /** no code is accepted until then */
  lockedUntil: timestamp("locked_until", { withTimezone: true }),
  /** the newest correct code, and when: a code counts once */
  usedCode: text("used_code"),
  usedAt: timestamp("used_at", { withTimezone: true }),
});

/** An operator's saved view: a page with its filters, under a name. */
export const savedViews = pgTable(
  "saved_views",
  {
    id: text("id").primaryKey(),
    /** the staff id, or the operator token's name */
    owner: text("owner").notNull(),
    name: text("name").notNull(),
    /** the query of the page's address, without the question mark */
    query: text("query").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [uniqueIndex("saved_views_name").on(table.owner, table.name)],
);
