-- The audit log takes rows and gives none back, whoever asks: a role that owns the table must first take the triggers away.
-- Old rows go through cut_audit alone, and none within thirty days.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.seq <= coalesce(nullif(current_setting('spillway.audit_cut', true), ''), '0')::bigint AND OLD.at < now() - interval '30 days' THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;--> statement-breakpoint
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE ON "audit" FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();--> statement-breakpoint
CREATE TRIGGER "audit_no_truncate" BEFORE TRUNCATE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();--> statement-breakpoint
-- Also in sessions that replicate, where triggers rest by default.
ALTER TABLE "audit" ENABLE ALWAYS TRIGGER "audit_append_only";--> statement-breakpoint
ALTER TABLE "audit" ENABLE ALWAYS TRIGGER "audit_no_truncate";--> statement-breakpoint
CREATE FUNCTION "cut_audit"("up_to" bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE removed bigint;
BEGIN
  PERFORM set_config('spillway.audit_cut', up_to::text, true);
  DELETE FROM public.audit WHERE seq <= up_to;
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('spillway.audit_cut', '', true);
  RETURN removed;
END $$;--> statement-breakpoint
-- The role that serves owns no table: the ledger's days are made and dropped by the owner's functions.
CREATE OR REPLACE FUNCTION "make_ledger_part"("name" text, "from_id" text, "to_id" text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  -- A day whose rows lie in the rest already stays there.
  IF NOT EXISTS (SELECT FROM public.ledger_rest WHERE request_id >= from_id AND request_id < to_id) THEN
    EXECUTE format('CREATE TABLE public.%I PARTITION OF public.ledger FOR VALUES FROM (%L) TO (%L)', name, from_id, to_id);
  END IF;
END $$;--> statement-breakpoint
CREATE FUNCTION "drop_ledger_part"("name" text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF name !~ '^ledger_[0-9]{8}$' THEN
    RAISE EXCEPTION '% is no day of the ledger', name;
  END IF;
  EXECUTE format('DROP TABLE public.%I', name);
END $$;--> statement-breakpoint
REVOKE ALL ON FUNCTION "cut_audit"(bigint), "make_ledger_part"(text, text, text), "drop_ledger_part"(text) FROM PUBLIC;
