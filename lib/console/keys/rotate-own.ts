import { insertKey } from "@/db/queries/tenants/tenancy";
import { PublicError } from "@/lib/errors";
import { isInForce } from "@/lib/limits/brake";
import { type Changing, change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import { keyPrefix } from "./key-environment.shared";
import { keyChange } from "./key-view";
import { activeKey, OVERLAP_SECONDS, refuseRunning, refuseSecond, successorOf } from "./successor";

export type OwnRotation = {
  /** the new key; only this answer contains it */
  readonly key: string;
  readonly expiresAt: Date | null;
  readonly overlapSeconds: number;
};

/**
 * The holder of a key replaces it, if an operator allows that for this key. Nothing widens: the new key has the same
 * rights, counters and end. One rotation at a time: while the key before this one still works, there is no next key. Throws
 * PublicError. The audit log names the key as the actor.
 */
export async function rotateOwnKey(
  context: Changing & Pick<ConsoleContext, "mintKey">,
  holder: { readonly keyId: string; readonly address: string },
): Promise<OwnRotation> {
  const author = { name: `key ${holder.keyId}`, role: "holder" as const, address: holder.address };
  return change(context, author, async (tx) => {
    const now = context.clock.now();
    const old = await activeKey(tx, holder.keyId);
    if (!old.holderMayRotate)
      throw notAllowed("Your operators have not allowed you to rotate this key. Ask them for a new key.");
    // A brake names one key: its successor would escape it.
    if (context.policy.snapshot.brakes.some((one) => one.scope.key === old.id && isInForce(one, now)))
      throw notAllowed("An operator has stopped this key, so it cannot be rotated. Ask your operators.");
    if (old.expiresAt !== null && old.expiresAt.getTime() <= now)
      throw new PublicError("key_expired", `This API key expired at ${old.expiresAt.toISOString()}.`);
    await refuseSecond(tx, old, "If you do not have it, ask your operators to revoke it.");
    await refuseRunning(tx, old, now);
    const minted = context.mintKey(keyPrefix(old.environment));
    const terms = { overlapSeconds: OVERLAP_SECONDS, expiresAt: old.expiresAt, madeByHolder: true };
    const key = await insertKey(tx, successorOf(old, minted, terms));
    const result = { key: minted.text, expiresAt: key.expiresAt, overlapSeconds: OVERLAP_SECONDS };
    return { result, change: keyChange("keys.rotate", context, old, key, null) };
  });
}

function notAllowed(message: string): PublicError {
  return new PublicError("rotation_not_allowed", message);
}
