import { breakGlass } from "@/lib/console/access/break-glass";
import { adminDoor } from "@/lib/console/kernel/door";

export const POST = adminDoor("staff.edit", breakGlass);
