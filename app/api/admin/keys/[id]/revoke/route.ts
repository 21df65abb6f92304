import { adminDoor } from "@/lib/console/kernel/door";
import { revokeKey } from "@/lib/console/keys/keys";

export const POST = adminDoor("keys.revoke", revokeKey);
