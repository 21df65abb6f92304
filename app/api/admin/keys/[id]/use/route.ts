import { adminDoor } from "@/lib/console/door";
import { readKeyUse } from "@/lib/console/key-limits";

export const GET = adminDoor("keys.view", readKeyUse);
