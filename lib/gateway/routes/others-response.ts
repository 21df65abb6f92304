import { PublicError } from "@/lib/errors";
import type { Call } from "@/lib/wire/call";
import { within } from "@/lib/within";
import type { Principal } from "../caller/principal";
import type { Gateway } from "../gateway";

/**
 * Refuses a call that goes on from another tenant's response. An id that nobody knows here passes: its provider decides,
 * as it does while the database is away. Ids cannot be guessed.
 */
export async function refuseOthersResponse(
  { books }: Pick<Gateway, "books">,
  { tenant }: Principal,
  { body }: Pick<Call, "body">,
): Promise<void> {
  const { previous_response_id: id } = body;
  if (typeof id !== "string") return;
  const owner = await within(OWNER_MS, books.ownerOfAnswer(id)).catch(() => null);
  if (owner === null || owner.tenantId === tenant.id) return;
  const message = `No response of yours has the id ${JSON.stringify(id.slice(0, 128))}.`;
  throw new PublicError("invalid_value", message, { param: "previous_response_id" });
}

const OWNER_MS = 500;
