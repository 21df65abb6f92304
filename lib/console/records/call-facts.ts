import { findLedgerRow } from "@/db/queries/books/books";
import { findRefusedCall, type RefusedCall } from "@/db/queries/books/refused";
import { addressDigest, namedDigests, tagFacts } from "@/lib/admission/digest";
import type { CallFacts } from "@/lib/limits/rules/layers";
import { storedTags } from "@/lib/limits/rules/tags";
import type { ConsoleContext } from "../kernel/context";

/** What is known of a stored call, served or refused, that decides its limits and what it asks of them. */
export type Asked = Pick<
  RefusedCall,
  | "requestId"
  | "tenantId"
  | "keyId"
  | "keyFamilyId"
  | "endpoint"
  | "userDigest"
  | "feature"
  | "session"
  | "agent"
  | "tags"
  | "model"
  | "providerId"
  | "clientAddress"
  | "priority"
  | "estimatedInputTokens"
  | "reservedOutputTokens"
  | "permits"
  | "inputPrice"
  | "outputPrice"
  | "heldFeesMicroUsd"
>;

type Served = NonNullable<Awaited<ReturnType<typeof findLedgerRow>>[number]>["row"];

/** A served call as its model served it. */
export function askedOf(row: Served): Asked {
  const held = row.reservedInputTokens ?? row.estimatedInputTokens;
  return { ...row, model: row.servedModel, estimatedInputTokens: held };
}

/** A stored call by its id; null = none, or only counted. Includes what is not written to the database yet. */
export async function findAsked({ db, drainBooks }: ConsoleContext, requestId: string): Promise<Asked | null> {
  await drainBooks();
  const [served] = await findLedgerRow(db, requestId);
  return served === undefined ? findRefusedCall(db, requestId) : askedOf(served.row);
}

/** What a stored call is counted by, as the limits in force now see it. */
export function callFacts({ digestSecret, policy: { snapshot } }: ConsoleContext, asked: Asked): CallFacts {
  const { tenantId, keyFamilyId, endpoint, userDigest, feature, session, agent, providerId, clientAddress } = asked;
  return {
    tenantId,
    keyFamilyId,
    endpoint,
    providerId,
    tierId: snapshot.tenants.get(tenantId)?.tierId ?? "",
    userDigest: userDigest === "" ? null : userDigest,
    ...namedDigests(digestSecret, tenantId, { feature, session, agent }),
    tags: tagFacts(digestSecret, tenantId, storedTags(asked.tags)),
    addressDigest: addressDigest(digestSecret, clientAddress),
    modelId: snapshot.models.get(asked.model)?.id ?? "",
  };
}
