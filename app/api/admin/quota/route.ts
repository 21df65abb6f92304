import { adminDoor } from "@/lib/console/door";
import { readQuota } from "@/lib/console/quota";

export const GET = adminDoor("quota.view", readQuota);
