import { editStaff } from "@/lib/console/access/staff";
import { adminDoor } from "@/lib/console/kernel/door";

export const PATCH = adminDoor("staff.edit", editStaff);
