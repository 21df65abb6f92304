import { and, eq, isNull, lt, ne, or, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { staff, staffSecondFactors } from "../../schema/staff";

/** Whether an operator has begun to set up an authenticator app; null = not. */
export async function readSecondFactor(db: Database, userId: string): Promise<{ readonly verified: boolean } | null> {
  const [row] = await db
    .select({ verified: staffSecondFactors.verified })
    .from(staffSecondFactors)
    .where(eq(staffSecondFactors.userId, userId));
  return row ?? null;
}

/** A code is valid for its own 30 seconds and for those before and after. A used code is refused for this long. */
const CODE_SECONDS = 120;

/** Uses a correct code; false when it was used already. */
export async function takeCode(db: Database, userId: string, code: string): Promise<boolean> {
  const fresh = or(
    isNull(staffSecondFactors.usedCode),
    ne(staffSecondFactors.usedCode, code),
    lt(staffSecondFactors.usedAt, sql`now() - make_interval(secs => ${CODE_SECONDS})`),
  );
  const taken = await db
    .update(staffSecondFactors)
    .set({ usedCode: code, usedAt: sql`now()` })
    .where(and(eq(staffSecondFactors.userId, userId), fresh))
    .returning({ id: staffSecondFactors.id });
  return taken.length > 0;
}

/** Returns to sign-in by password alone. False when there was no second factor. */
export async function dropSecondFactor(tx: Database, userId: string): Promise<boolean> {
  const dropped = await tx
    .delete(staffSecondFactors)
    .where(eq(staffSecondFactors.userId, userId))
    .returning({ verified: staffSecondFactors.verified });
  await tx.update(staff).set({ twoFactorEnabled: false }).where(eq(staff.id, userId));
  return dropped.some(({ verified }) => verified);
}
