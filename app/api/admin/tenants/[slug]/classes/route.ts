import { adminDoor } from "@/lib/console/kernel/door";
import { putClasses } from "@/lib/console/tenants/features";

export const PUT = adminDoor("tiers.edit", putClasses);
