import { adminDoor } from "@/lib/console/kernel/door";
import { readKeyUse } from "@/lib/console/keys/key-limits";

export const GET = adminDoor("keys.view", readKeyUse);
