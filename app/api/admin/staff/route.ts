import { createStaff, listStaff } from "@/lib/console/access/staff";
import { adminDoor } from "@/lib/console/kernel/door";

export const GET = adminDoor("staff.view", listStaff);
export const POST = adminDoor("staff.edit", createStaff);
