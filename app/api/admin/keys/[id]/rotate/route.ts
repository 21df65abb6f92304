import { adminDoor } from "@/lib/console/door";
import { rotateKey } from "@/lib/console/keys";

export const POST = adminDoor("keys.edit", rotateKey);
