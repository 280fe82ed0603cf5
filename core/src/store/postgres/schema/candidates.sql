-- Which messages a receive may have, and in which order.

-- The first visible messages: p_limit of those that came back, p_limit of the others, and p_limit
-- of those that are bare (state 4).
CREATE FUNCTION @s@.visible(h @s@.heads, p_limit bigint)
RETURNS TABLE (seq bigint, grp text, bytes integer, receives integer, state smallint)
LANGUAGE sql STABLE AS $$
    (SELECT l.seq, l.grp, l.bytes, l.receives, l.state FROM @s@.live l
        WHERE h.returned > 0 AND l.storage = h.storage AND l.state = 1
        AND l.seq >= h.first_seq ORDER BY l.seq LIMIT p_limit)
    UNION ALL
    (SELECT l.seq, l.grp, l.bytes, l.receives, l.state FROM @s@.live l
        WHERE h.fresh > 0 AND l.storage = h.storage AND l.state = 2
        AND l.seq >= h.first_seq ORDER BY l.seq LIMIT p_limit)
    UNION ALL
    (SELECT m.seq, NULL, octet_length(m.body), 0, 4::smallint FROM @s@.messages m
        WHERE h.bare > 0 AND m.storage = h.storage AND m.seq >= h.bare_seq AND m.bare
        ORDER BY m.seq LIMIT p_limit)
$$;

-- The first visible messages of those that are not noisy: p_limit of their tenants have them. What
-- others hold is not looked at.
CREATE FUNCTION @s@.of_quiet(h @s@.heads, p_noisy text[], p_limit bigint)
RETURNS TABLE (seq bigint, grp text, bytes integer, receives integer, state smallint)
LANGUAGE sql STABLE AS $$
    WITH quiet AS MATERIALIZED (
        SELECT t.grp, t.head FROM @s@.tenants t
        WHERE t.storage = h.storage AND t.head >= h.first_seq AND t.grp <> ALL (p_noisy)
        ORDER BY t.head LIMIT p_limit
    ), bound AS MATERIALIZED (
        SELECT CASE WHEN count(*) = p_limit THEN max(q.head) ELSE h.next_seq END AS seq FROM quiet q
    ), found AS (
        SELECT l.* FROM quiet q, bound b, LATERAL (
            SELECT k.seq, k.grp, k.bytes, k.receives, k.state FROM @s@.live k
            WHERE k.storage = h.storage AND k.grp = q.grp
                AND k.state IN (1, 2) AND k.seq >= q.head AND k.seq <= b.seq
            ORDER BY k.seq LIMIT p_limit) l
        UNION ALL
        -- Sent before the first group was: nothing with a group stands before these.
        SELECT x.* FROM @s@.visible(h, p_limit) x WHERE x.grp IS NULL)
    SELECT f.* FROM found f ORDER BY f.seq LIMIT p_limit
$$;

-- Receivable messages in delivery order (D3, D4, D5), at most p_limit.
CREATE FUNCTION @s@.candidates(h @s@.heads, p_limit bigint)
RETURNS TABLE (c_seq bigint, c_grp text, c_bytes integer, c_receives integer, c_state smallint)
LANGUAGE plpgsql AS $$
DECLARE
    v_found bigint := 0;
    v_noisy text[];
    v_grp text;
    r record;
BEGIN
    IF h.fifo THEN
        FOR v_grp IN SELECT g.grp FROM @s@.ring g
            WHERE g.storage = h.storage AND g.turn >= h.first_turn ORDER BY g.turn
        LOOP
            FOR r IN SELECT l.seq, l.bytes, l.receives, l.state FROM @s@.live l
                WHERE l.storage = h.storage AND l.grp = v_grp AND l.seq >= h.first_seq
                ORDER BY l.seq LIMIT p_limit - v_found
            LOOP
                EXIT WHEN r.state NOT IN (1, 2);
                v_found := v_found + 1;
                c_seq := r.seq;
                c_grp := v_grp;
                c_bytes := r.bytes;
                c_receives := r.receives;
                c_state := r.state;
                RETURN NEXT;
            END LOOP;
            EXIT WHEN v_found >= p_limit;
        END LOOP;
        RETURN;
    END IF;
    IF h.fair THEN
        SELECT array_agg(t.grp) INTO v_noisy FROM @s@.tenants t
            WHERE t.storage = h.storage AND t.in_flight >= 30 AND t.in_flight >= h.in_flight / 10
            AND t.in_flight * 10 > h.in_flight
            AND h.now_ms - t.sent_ms < 300000 AND t.grp <> '';
        IF v_noisy IS NULL THEN
            RETURN QUERY SELECT x.seq, x.grp, x.bytes, x.receives, x.state
                FROM @s@.visible(h, p_limit) x ORDER BY x.seq LIMIT p_limit;
            RETURN;
        END IF;
        RETURN QUERY SELECT x.seq, x.grp, x.bytes, x.receives, x.state
            FROM @s@.of_quiet(h, v_noisy, p_limit) x;
        GET DIAGNOSTICS v_found = ROW_COUNT;
        IF v_found < p_limit THEN
            RETURN QUERY SELECT l.seq, l.grp, l.bytes, l.receives, l.state
            FROM unnest(v_noisy) g, LATERAL (
                SELECT * FROM @s@.tenants k WHERE k.storage = h.storage AND k.grp = g
                ORDER BY k.tick DESC LIMIT 1) t, LATERAL (
                SELECT * FROM @s@.live k WHERE k.storage = h.storage AND k.grp = t.grp
                    AND k.seq >= t.head AND k.state IN (1, 2)
                ORDER BY k.seq LIMIT p_limit) l
            ORDER BY t.in_flight, l.seq LIMIT p_limit - v_found;
        END IF;
        RETURN;
    END IF;
    IF h.returned > 0 THEN
        RETURN QUERY SELECT l.seq, l.grp, l.bytes, l.receives, l.state FROM @s@.live l
            WHERE l.storage = h.storage AND l.state = 1 AND l.seq >= h.first_seq
            ORDER BY l.seq LIMIT p_limit;
        GET DIAGNOSTICS v_found = ROW_COUNT;
    END IF;
    IF h.fresh + h.bare > 0 AND v_found < p_limit THEN
        RETURN QUERY SELECT x.seq, x.grp, x.bytes, x.receives, x.state FROM (
            (SELECT l.seq, l.grp, l.bytes, l.receives, l.state FROM @s@.live l
                WHERE h.fresh > 0 AND l.storage = h.storage AND l.state = 2
                AND l.seq >= greatest(h.fresh_seq, h.first_seq)
                ORDER BY l.seq LIMIT p_limit - v_found)
            UNION ALL
            (SELECT m.seq, NULL, octet_length(m.body), 0, 4::smallint FROM @s@.messages m
                WHERE h.bare > 0 AND m.storage = h.storage AND m.seq >= h.bare_seq AND m.bare
                ORDER BY m.seq LIMIT p_limit - v_found)) x
            ORDER BY x.seq LIMIT p_limit - v_found;
    END IF;
END
$$;
