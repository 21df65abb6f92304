import { listStaffSessions } from "@/lib/console/access/sessions";
import { closeSessions } from "@/lib/console/access/staff";
import { adminDoor } from "@/lib/console/kernel/door";

export const DELETE = adminDoor("staff.edit", closeSessions);
export const GET = adminDoor("staff.view", listStaffSessions);
