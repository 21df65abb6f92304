import { adminDoor } from "@/lib/console/kernel/door";
import { priceCoverage } from "@/lib/console/money/prices";

export const GET = adminDoor("prices.view", priceCoverage);
