import { adminDoor } from "@/lib/console/door";
import { priceCoverage } from "@/lib/console/prices";

export const GET = adminDoor("prices.view", priceCoverage);
