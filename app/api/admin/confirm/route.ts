import { confirm } from "@/lib/console/access/sessions";
import { adminDoor } from "@/lib/console/kernel/door";

export const POST = adminDoor("overview.view", confirm);
