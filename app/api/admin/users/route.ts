import { adminDoor } from "@/lib/console/kernel/door";
import { listUsers } from "@/lib/console/money/usage";

export const GET = adminDoor("tenants.view", listUsers);
