ALTER TABLE "ledger" ADD COLUMN "answer_id" text;--> statement-breakpoint
CREATE INDEX "ledger_answer" ON "ledger" USING btree ("answer_id") WHERE "ledger"."answer_id" is not null;