import { adminDoor } from "@/lib/console/kernel/door";
import { rotateKey } from "@/lib/console/keys/keys";

export const POST = adminDoor("keys.edit", rotateKey);
