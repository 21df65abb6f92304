import { adminDoor } from "@/lib/console/door";
import { closeSessions } from "@/lib/console/staff";

export const DELETE = adminDoor("staff.edit", closeSessions);
