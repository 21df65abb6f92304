import { breakGlass } from "@/lib/console/break-glass";
import { adminDoor } from "@/lib/console/door";

export const POST = adminDoor("staff.edit", breakGlass);
