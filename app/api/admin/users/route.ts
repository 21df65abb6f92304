import { adminDoor } from "@/lib/console/door";
import { listUsers } from "@/lib/console/usage";

export const GET = adminDoor("tenants.view", listUsers);
