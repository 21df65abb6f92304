import { endStaffSession } from "@/lib/console/access/sessions";
import { adminDoor } from "@/lib/console/kernel/door";

export const DELETE = adminDoor("staff.edit", endStaffSession);
