import { adminDoor } from "@/lib/console/door";
import { leakedKey } from "@/lib/console/keys";

export const POST = adminDoor("keys.revoke", leakedKey);
