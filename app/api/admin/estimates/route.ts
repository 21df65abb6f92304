import { adminDoor } from "@/lib/console/door";
import { readEstimates } from "@/lib/console/features";

export const GET = adminDoor("ledger.view", readEstimates);
