import { adminDoor } from "@/lib/console/door";
import { listFeatures } from "@/lib/console/features";

export const GET = adminDoor("tenants.view", listFeatures);
