import { adminDoor } from "@/lib/console/door";
import { listStaffSessions } from "@/lib/console/sessions";
import { closeSessions } from "@/lib/console/staff";

export const DELETE = adminDoor("staff.edit", closeSessions);
export const GET = adminDoor("staff.view", listStaffSessions);
