import { adminDoor } from "@/lib/console/kernel/door";
import { listFeatures } from "@/lib/console/tenants/features";

export const GET = adminDoor("tenants.view", listFeatures);
