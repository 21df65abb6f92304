import { adminDoor } from "@/lib/console/kernel/door";
import { readQuota } from "@/lib/console/tenants/quota";

export const GET = adminDoor("quota.view", readQuota);
