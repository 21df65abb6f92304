import { adminDoor } from "@/lib/console/kernel/door";
import { addPrice, listPrices } from "@/lib/console/money/prices";

export const GET = adminDoor("prices.view", listPrices);
export const POST = adminDoor("prices.edit", addPrice);
