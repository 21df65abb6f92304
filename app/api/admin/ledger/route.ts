import { adminDoor } from "@/lib/console/door";
import { readLedger } from "@/lib/console/ledger";

export const GET = adminDoor("ledger.view", readLedger);
