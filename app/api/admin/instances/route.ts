import { adminDoor } from "@/lib/console/kernel/door";
import { listInstances } from "@/lib/console/money/usage";

export const GET = adminDoor("overview.view", listInstances);
