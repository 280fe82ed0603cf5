-- What no command waits for: sweeping, and verifying.

-- Removes a piece of what was purged, deleted or has ended; true while more is left.
CREATE FUNCTION @s@.sweep(p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_storage bigint;
    v_now bigint := @s@.now_ms();
    v_gone bigint := 0;
    n bigint;
BEGIN
    DELETE FROM @s@.dedup WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM @s@.dedup d
        WHERE d.end_ms <= v_now - 60000 ORDER BY d.end_ms LIMIT p_limit
        FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS n = ROW_COUNT;
    v_gone := greatest(v_gone, n);
    DELETE FROM @s@.attempts WHERE ctid = ANY (ARRAY(SELECT a.ctid FROM @s@.attempts a
        WHERE a.end_ms <= v_now - 60000 ORDER BY a.end_ms LIMIT p_limit
        FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS n = ROW_COUNT;
    v_gone := greatest(v_gone, n);
    DELETE FROM @s@.inbox i WHERE NOT EXISTS (SELECT FROM @s@.queues q WHERE q.uid = i.uid);
    SELECT t.storage INTO v_storage FROM @s@.trash t ORDER BY t.storage LIMIT 1;
    IF v_storage IS NULL THEN
        RETURN v_gone >= p_limit;
    END IF;
    DELETE FROM @s@.live WHERE storage = v_storage AND seq = ANY (ARRAY(
        SELECT l.seq FROM @s@.live l WHERE l.storage = v_storage ORDER BY l.seq LIMIT p_limit));
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n < p_limit THEN
        DELETE FROM @s@.ring WHERE storage = v_storage;
        DELETE FROM @s@.dedup WHERE storage = v_storage;
        DELETE FROM @s@.attempts WHERE storage = v_storage;
        DELETE FROM @s@.tenants WHERE storage = v_storage;
        DELETE FROM @s@.trash WHERE storage = v_storage;
    END IF;
    RETURN true;
END
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
