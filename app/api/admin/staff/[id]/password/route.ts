import { resetPassword } from "@/lib/console/access/staff";
import { adminDoor } from "@/lib/console/kernel/door";

export const POST = adminDoor("staff.edit", resetPassword);
