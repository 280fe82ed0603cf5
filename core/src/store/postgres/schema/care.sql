-- What no command waits for: sweeping, and verifying.

-- Removes a piece of what was purged, deleted or has ended; true while more is left. What ended is
-- looked for from the time on up to which all is removed: rows that an open transaction elsewhere
-- keeps from being cleaned up are not looked at again. Once an hour it begins anew, for rows that
-- were locked then, or committed late.
CREATE FUNCTION @s@.sweep(p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_storage bigint;
    v_now bigint := @s@.now_ms();
    s @s@.swept;
    v_to bigint := v_now - 60000;
    v_upto bigint := v_to;
    v_gone bigint := 0;
    v_last bigint;
    n bigint;
BEGIN
    SELECT * INTO s FROM @s@.swept;
    IF v_now >= s.begun_ms + 3600000 THEN
        s.upto_ms := 0;
        UPDATE @s@.swept SET begun_ms = v_now, upto_ms = 0;
    END IF;
    -- First, as this may wait for a queue, which must not wait for what follows.
    IF @s@.sweep_tenants(s.upto_ms - 540000, v_to - 540000, p_limit) THEN
        v_upto := s.upto_ms;
        v_gone := p_limit;
    END IF;
    WITH gone AS (
        DELETE FROM @s@.dedup WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM @s@.dedup d
            WHERE d.end_ms >= s.upto_ms AND d.end_ms <= v_to ORDER BY d.end_ms LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING end_ms)
    SELECT count(*), max(g.end_ms) INTO n, v_last FROM gone g;
    IF n >= p_limit THEN
        v_upto := least(v_upto, v_last);
    END IF;
    v_gone := greatest(v_gone, n);
    WITH gone AS (
        DELETE FROM @s@.attempts WHERE ctid = ANY (ARRAY(SELECT a.ctid FROM @s@.attempts a
            WHERE a.end_ms >= s.upto_ms AND a.end_ms <= v_to ORDER BY a.end_ms LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING end_ms)
    SELECT count(*), max(g.end_ms) INTO n, v_last FROM gone g;
    IF n >= p_limit THEN
        v_upto := least(v_upto, v_last);
    END IF;
    v_gone := greatest(v_gone, n);
    -- Not each time: of this row, too, such a transaction keeps all that it was.
    IF v_upto >= s.upto_ms + 10000 THEN
        UPDATE @s@.swept SET upto_ms = v_upto;
        PERFORM @s@.sweep_inbox();
        -- S11.5: a minute is what they are asked for.
        DELETE FROM @s@.deleted WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM @s@.deleted d
            WHERE d.at_ms < v_to - 60000 LIMIT p_limit FOR UPDATE SKIP LOCKED));
    END IF;
    SELECT t.storage INTO v_storage FROM @s@.trash t ORDER BY t.storage LIMIT 1;
    IF v_storage IS NULL THEN
        RETURN v_gone >= p_limit;
    END IF;
    IF NOT @s@.sweep_storage(v_storage, p_limit) THEN
        DELETE FROM @s@.trash WHERE storage = v_storage;
    END IF;
    RETURN true;
END
$$;

-- Removes a piece of what a storage held in one of the tables; false if there is nothing. No
-- statement takes longer for a storage that held more.
CREATE FUNCTION @s@.sweep_storage(p_storage bigint, p_limit integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_table text;
    n bigint;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['live', 'ring', 'dedup', 'attempts', 'tenants'] LOOP
        EXECUTE format('DELETE FROM @s@.%1$I WHERE ctid = ANY (ARRAY(
            SELECT k.ctid FROM @s@.%1$I k WHERE k.storage = $1 LIMIT $2))', v_table)
        USING p_storage, p_limit;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n > 0 THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;

-- Forgets tenants of a queue that have no message there and last sent between these times; false if
-- there are none.
CREATE FUNCTION @s@.sweep_tenants(p_from bigint, p_to bigint, p_limit integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_storage bigint;
    v_uid bigint;
BEGIN
    SELECT t.storage INTO v_storage FROM @s@.tenants t
        WHERE t.in_flight = 0 AND t.head IS NULL AND t.sent_ms >= p_from AND t.sent_ms <= p_to
        AND NOT EXISTS (SELECT FROM @s@.live l WHERE l.storage = t.storage AND l.grp = t.grp)
        ORDER BY t.sent_ms LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT h.uid INTO v_uid FROM @s@.heads h WHERE h.storage = v_storage LIMIT 1;
    IF FOUND THEN
        PERFORM @s@.lock_queue(v_uid);
    END IF;
    DELETE FROM @s@.tenants WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM @s@.tenants t
        WHERE t.storage = v_storage
        AND t.in_flight = 0 AND t.head IS NULL AND t.sent_ms >= p_from AND t.sent_ms <= p_to
        AND NOT EXISTS (SELECT FROM @s@.live l WHERE l.storage = t.storage AND l.grp = t.grp)
        ORDER BY t.sent_ms LIMIT p_limit));
    RETURN true;
END
$$;

-- Removes what came into the inbox for queues that are deleted.
CREATE FUNCTION @s@.sweep_inbox() RETURNS void LANGUAGE sql AS $$
    WITH RECURSIVE u (uid) AS (
        (SELECT i.uid FROM @s@.inbox i ORDER BY i.uid LIMIT 1)
        UNION ALL
        SELECT (SELECT i.uid FROM @s@.inbox i WHERE i.uid > u.uid ORDER BY i.uid LIMIT 1)
        FROM u WHERE u.uid IS NOT NULL)
    DELETE FROM @s@.inbox i USING u
    WHERE i.uid = u.uid AND NOT EXISTS (SELECT FROM @s@.queues q WHERE q.uid = u.uid)
$$;

-- One sentence a fault: heads against messages, rings against groups.
CREATE FUNCTION @s@.faults() RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH h AS (
        SELECT DISTINCT ON (uid) * FROM @s@.heads ORDER BY uid, tick DESC
    ), c AS (
        SELECT h.uid, h.fifo, h.storage,
            count(l.seq) FILTER (WHERE l.state = 0) AS delayed,
            count(l.seq) FILTER (WHERE l.state = 1) AS returned,
            count(l.seq) FILTER (WHERE l.state = 2) AS fresh,
            count(l.seq) FILTER (WHERE l.state = 3) AS in_flight,
            min(l.seq) AS lowest, max(l.seq) AS highest, min(l.sent_ms) AS oldest,
            min(l.until_ms) AS due
        FROM h LEFT JOIN @s@.live l ON l.storage = h.storage GROUP BY 1, 2, 3
    )
    SELECT format('queue %s: its counts are not those of its messages', h.uid)
    FROM h JOIN c USING (uid)
    WHERE (h.delayed, h.returned, h.fresh, h.in_flight)
        <> (c.delayed, c.returned, c.fresh, c.in_flight)
    UNION ALL
    SELECT format('queue %s: a message lies outside of its bounds', h.uid)
    FROM h JOIN c USING (uid)
    WHERE c.lowest < h.first_seq OR c.highest >= h.next_seq OR c.oldest < h.oldest_ms
        OR c.due < h.due_ms OR c.due <= h.due_done_ms
    UNION ALL
    SELECT format('queue %s: its count of bare messages is not theirs', h.uid)
    FROM h WHERE h.bare <> (SELECT count(*) FROM @s@.messages m
        WHERE m.storage = h.storage AND m.seq >= h.bare_seq AND m.bare)
    UNION ALL
    SELECT format('queue %s: a bare message lies outside of its bounds', h.uid)
    FROM h JOIN @s@.messages m ON m.storage = h.storage AND m.seq >= h.bare_seq AND m.bare
    WHERE m.seq >= h.next_seq OR m.sent_ms < h.oldest_ms OR EXISTS (SELECT FROM @s@.live l
        WHERE l.storage = m.storage AND l.seq = m.seq)
    UNION ALL
    SELECT format('queue %s: message %s has no content', h.uid, l.seq)
    FROM h JOIN @s@.live l ON l.storage = h.storage
    WHERE NOT EXISTS (SELECT FROM @s@.messages m
        WHERE m.part = l.part AND m.storage = l.storage AND m.seq = l.seq)
    UNION ALL
    SELECT format('queue %s: group %s is not in the ring as its head asks', x.uid, x.grp)
    FROM (
        SELECT DISTINCT ON (h.uid, l.grp) h.uid, h.storage, l.grp, l.state IN (1, 2) AS visible
        FROM h JOIN @s@.live l ON l.storage = h.storage WHERE h.fifo
        ORDER BY h.uid, l.grp, l.seq) x
    WHERE x.visible <> EXISTS (SELECT FROM @s@.ring r
        WHERE r.storage = x.storage AND r.grp = x.grp)
    UNION ALL
    SELECT format('queue %s: the ring has a turn of no message', h.uid)
    FROM h JOIN @s@.ring r ON r.storage = h.storage
    WHERE r.turn < h.first_turn OR r.turn >= h.next_turn OR NOT EXISTS (
        SELECT FROM @s@.live l WHERE l.storage = r.storage AND l.grp = r.grp)
    UNION ALL
    SELECT format('queue %s: tenant %s has another count in flight', h.uid, t.grp)
    FROM h JOIN @s@.tenants t ON t.storage = h.storage
    WHERE t.in_flight <> (SELECT count(*) FROM @s@.live l
        WHERE l.storage = t.storage AND l.grp = t.grp AND l.state = 3)
    UNION ALL
    SELECT format('queue %s: tenant %s has another first message', h.uid, t.grp)
    FROM h JOIN @s@.tenants t ON t.storage = h.storage
    WHERE t.head IS DISTINCT FROM (SELECT min(l.seq) FROM @s@.live l
        WHERE l.storage = t.storage AND l.grp = t.grp AND l.state IN (1, 2))
$$;
