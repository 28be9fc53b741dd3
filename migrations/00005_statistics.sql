-- A decision that writes a hundred thousand rows tells the planner at once: until autovacuum comes by, it would plan for a
-- table that it takes to be almost empty, and read all of it for every page of recipients. Only an owner may ANALYZE.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    ANALYZE public.party, public.duty, public.delivery;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_statistics() TO docket_app;
