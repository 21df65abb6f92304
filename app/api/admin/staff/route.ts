import { adminDoor } from "@/lib/console/door";
import { createStaff, listStaff } from "@/lib/console/staff";

export const GET = adminDoor("staff.view", listStaff);
export const POST = adminDoor("staff.edit", createStaff);
