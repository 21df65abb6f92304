import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: [
    "./db/schema/staff.ts",
    "./db/schema/tenancy.ts",
    "./db/schema/limits.ts",
    "./db/schema/catalog.ts",
    "./db/schema/books.ts",
    "./db/schema/kept.ts",
    "./db/schema/turned-away.ts",
    "./db/schema/budgets.ts",
    "./db/schema/alerts.ts",
    "./db/schema/fleet.ts",
    "./db/schema/learned.ts",
    "./db/schema/managed.ts",
    "./db/schema/removed.ts",
  ],
  out: "./db/migrations",
});
