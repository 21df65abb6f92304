import { adminDoor } from "@/lib/console/door";
import { editStaff } from "@/lib/console/staff";

export const PATCH = adminDoor("staff.edit", editStaff);
