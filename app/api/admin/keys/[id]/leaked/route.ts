import { adminDoor } from "@/lib/console/kernel/door";
import { leakedKey } from "@/lib/console/keys/keys";

export const POST = adminDoor("keys.revoke", leakedKey);
