import { createHmac } from "node:crypto";
import type pg from "pg";
import { BootFault } from "@/lib/errors";

const APP_ROLE = "spillway_app";

/** The embedded server's address for the role that serves. Its password derives from the owner's, not vice versa. */
export function asAppRole(ownerUrl: string): string {
  const url = new URL(ownerUrl);
  url.password = createHmac("sha256", decodeURIComponent(url.password)).update(APP_ROLE).digest("hex");
  url.username = APP_ROLE;
  return url.href;
}

/**
 * Grants the role of `appUrl` only what serving needs: it reads and writes rows, and owns nothing. On the audit log it
 * may only read and append. Makes the role if it is missing and the owner may. May be called again.
 */
export async function grantToApp(owner: pg.ClientBase, appUrl: string): Promise<void> {
  const { username, password } = new URL(appUrl);
  const [name, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  const { rows } = await owner.query<{ self: string; known: boolean }>(
    "select current_user as self, exists (select from pg_roles where rolname = $1) as known",
    [name],
  );
  if (rows[0]?.self === name)
    throw new BootFault("DATABASE_OWNER_URL: names the same user as DATABASE_URL; serving must not own the tables");
  if (rows[0]?.known !== true) await run(owner, "create role %1$I login password %2$L", [name, secret]);
  for (const statement of GRANTS) await run(owner, statement, [name, secret]);
}

const GRANTS = [
  "grant usage on schema public to %1$I",
  "grant select, insert, update, delete on all tables in schema public to %1$I",
  "grant usage, select on all sequences in schema public to %1$I",
  "revoke all on public.audit from %1$I",
  "grant select, insert on public.audit to %1$I",
  "grant execute on function public.make_ledger_part, public.drop_ledger_part, public.cut_audit to %1$I",
  // Ledger partitions that the owner's functions make later.
  "alter default privileges in schema public grant select, insert, update, delete on tables to %1$I",
];

/** Names and passwords cannot be parameters of such statements, so PostgreSQL itself quotes them. */
async function run(owner: pg.ClientBase, statement: string, values: readonly string[]): Promise<void> {
  const { rows } = await owner.query<{ text: string }>("select format($1, $2::text, $3::text) as text", [
    statement,
    ...values,
  ]);
  const [row] = rows;
  if (row !== undefined) await owner.query(row.text);
}
