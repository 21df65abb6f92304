import { adminDoor } from "@/lib/console/door";
import { listInstances } from "@/lib/console/usage";

export const GET = adminDoor("overview.view", listInstances);
