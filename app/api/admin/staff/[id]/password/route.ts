import { adminDoor } from "@/lib/console/door";
import { resetPassword } from "@/lib/console/staff";

export const POST = adminDoor("staff.edit", resetPassword);
