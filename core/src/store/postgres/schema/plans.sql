-- The plans that functions need whatever the statistics say: every statement finds its rows
-- through an index.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = '@s@'::regnamespace
        AND p.proname IN ('put', 'receive', 'discard', 'hide', 'counts', 'peek', 'move', 'offer',
        'sweep', 'turn_parts')
    LOOP
        -- Without it these plans look dear, and would be compiled at every call.
        EXECUTE format('ALTER FUNCTION %s SET jit = off', f);
        EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', f);
        EXECUTE format('ALTER FUNCTION %s SET enable_hashjoin = off', f);
        EXECUTE format('ALTER FUNCTION %s SET enable_mergejoin = off', f);
        EXECUTE format('ALTER FUNCTION %s SET enable_bitmapscan = off', f);
        EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_generic_plan', f);
    END LOOP;
END
$$;
