import { adminDoor } from "@/lib/console/kernel/door";
import { readEstimates } from "@/lib/console/tenants/features";

export const GET = adminDoor("ledger.view", readEstimates);
