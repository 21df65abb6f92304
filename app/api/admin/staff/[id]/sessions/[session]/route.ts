import { adminDoor } from "@/lib/console/door";
import { endStaffSession } from "@/lib/console/sessions";

export const DELETE = adminDoor("staff.edit", endStaffSession);
