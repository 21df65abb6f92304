import { adminDoor } from "@/lib/console/kernel/door";
import { putFeature } from "@/lib/console/tenants/features";

export const PUT = adminDoor("tiers.edit", putFeature);
