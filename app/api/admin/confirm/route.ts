import { adminDoor } from "@/lib/console/door";
import { confirm } from "@/lib/console/sessions";

export const POST = adminDoor("overview.view", confirm);
