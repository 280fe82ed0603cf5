-- What a receipt allows (D8), and looks.

-- Deletes. codes has one number a receipt: 0 done or gone, 2 expired (S2.21).
CREATE FUNCTION @s@.discard(p_uid bigint, p_version bigint, p_step integer, p_me bigint,
    p_lazy boolean, p_seqs bigint[], p_receives bigint[], OUT code integer, OUT codes integer[])
LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads;
    l @s@.live;
    v_lazy boolean;
    v_saved boolean;
BEGIN
    -- Where it is another case for some, the rest of this does what is left.
    IF cardinality(p_seqs) > 0 AND @s@.discard_plainly(p_uid, p_version, p_seqs) THEN
        code := 0;
        v_lazy := @s@.be_lazy(p_lazy);
        RETURN;
    END IF;
    h := @s@.enter(p_uid, p_version, p_step);
    code := h.code;
    IF h.code <> 0 THEN
        PERFORM @s@.save(h);
        RETURN;
    END IF;
    v_lazy := @s@.be_lazy(p_lazy);
    IF h.fifo THEN
        codes := array_fill(0, ARRAY[cardinality(p_seqs)]);
        FOR i IN 1..cardinality(p_seqs) LOOP
            SELECT * INTO l FROM @s@.live x WHERE x.storage = h.storage AND x.seq = p_seqs[i];
            IF FOUND AND l.state = 3 AND l.receives = p_receives[i] THEN
                h := @s@.remove(h, p_seqs[i:i]);
            ELSIF FOUND THEN
                codes[i] := 2;
            END IF;
        END LOOP;
    ELSE
        -- The receive itself may have been lost with the machine: any receipt deletes.
        h := @s@.remove(h, p_seqs);
    END IF;
    IF h.armed <> 0 AND h.bare + h.fresh + h.returned > 0 THEN
        h := @s@.wake(h, p_me);
    END IF;
    -- That these are gone may not be on disk yet, and this writes nothing.
    IF NOT h.dirty AND NOT v_lazy THEN
        PERFORM @s@.confirm();
    END IF;
    v_saved := @s@.save(h);
END
$$;

-- Changes visibility. codes has one number an entry: 0 done, 1 gone, 2 expired, 3 beyond twelve
-- hours (S2.10).
CREATE FUNCTION @s@.hide(p_uid bigint, p_version bigint, p_step integer, p_me bigint,
    p_lazy boolean, p_seqs bigint[], p_receives bigint[], p_received_ms bigint[],
    p_hide_ms bigint[], OUT code integer, OUT now_ms bigint, OUT codes integer[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    h @s@.heads;
    l @s@.live;
    v_until bigint;
    v_hidden boolean;
BEGIN
    h := @s@.enter(p_uid, p_version, p_step);
    code := h.code;
    now_ms := h.now_ms;
    IF h.code <> 0 THEN
        PERFORM @s@.save(h);
        RETURN;
    END IF;
    -- A lease must not be lost with sequence numbers that somebody sees.
    PERFORM @s@.be_lazy(CASE WHEN h.firm THEN false ELSE p_lazy END);
    codes := array_fill(0, ARRAY[cardinality(p_seqs)]);
    FOR i IN 1..cardinality(p_seqs) LOOP
        SELECT * INTO l FROM @s@.live x WHERE x.storage = h.storage AND x.seq = p_seqs[i];
        v_until := h.now_ms + p_hide_ms[i];
        v_hidden := p_hide_ms[i] > 0;
        IF NOT FOUND OR (NOT h.fifo AND p_receives[i] > l.receives) THEN
            codes[i] := 1;
        ELSIF h.fifo AND (l.state <> 3 OR l.receives <> p_receives[i]) THEN
            codes[i] := 2;
        ELSIF v_hidden AND v_until > p_received_ms[i] + 43200000 THEN
            codes[i] := 3;
        ELSE
            UPDATE @s@.live x SET changed = true, state = CASE WHEN v_hidden THEN 3 ELSE 1 END,
                until_ms = CASE WHEN v_hidden THEN v_until END
            WHERE x.storage = h.storage AND x.seq = p_seqs[i];
            h := @s@.count_state(h, l.state, -1);
            h := @s@.count_state(h, CASE WHEN v_hidden THEN 3 ELSE 1 END, 1);
            IF v_hidden THEN
                h.due_ms := least(h.due_ms, v_until);
            END IF;
            IF h.fifo THEN
                h := @s@.refresh(h, l.grp);
            ELSIF l.grp IS NOT NULL AND (l.state = 3) <> v_hidden THEN
                PERFORM @s@.fly(h, ARRAY[l.grp], CASE WHEN v_hidden THEN 1 ELSE -1 END,
                    CASE WHEN NOT v_hidden THEN ARRAY[l.seq] END);
            END IF;
        END IF;
    END LOOP;
    h := @s@.wake(h, p_me);
    PERFORM @s@.save(h);
END
$$;

-- Counts (S6.4).
CREATE FUNCTION @s@.counts(p_uid bigint, p_version bigint, p_step integer, OUT code integer,
    OUT visible bigint, OUT in_flight bigint, OUT delayed bigint, OUT now_ms bigint)
LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads;
BEGIN
    h := @s@.enter(p_uid, p_version, p_step);
    PERFORM @s@.save(h);
    code := h.code;
    visible := h.bare + h.fresh + h.returned;
    in_flight := h.in_flight;
    delayed := h.delayed;
    now_ms := h.now_ms;
END
$$;

-- D14. The first row has the code; the others are messages in sequence order.
CREATE FUNCTION @s@.peek(p_uid bigint, p_version bigint, p_step integer, p_after bigint,
    p_states smallint[], p_grp text, p_limit bigint, p_bytes bigint)
RETURNS TABLE (code integer, state smallint, until_ms bigint, seq bigint, sent_ms bigint,
    first_ms bigint, receive_count integer, id uuid, body bytea, attributes text, trace text,
    grp text, dedup text, sender text, source text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    h @s@.heads;
    v_seqs bigint[];
BEGIN
    h := @s@.enter(p_uid, p_version, p_step);
    PERFORM @s@.save(h);
    code := h.code;
    RETURN NEXT;
    IF h.code <> 0 THEN
        RETURN;
    END IF;
    -- Each kind of search by the index that is made for it: one statement for all of them reads the
    -- queue from its beginning.
    IF p_grp IS NOT NULL THEN
        v_seqs := ARRAY(SELECT k.seq FROM @s@.live k
            WHERE k.storage = h.storage AND k.grp = p_grp
            AND k.seq > p_after AND k.seq >= h.first_seq
            AND (p_states IS NULL OR k.state = ANY (p_states)) ORDER BY k.seq LIMIT p_limit);
    ELSIF p_states IS NULL OR p_states && '{0,3}'
        AND h.in_flight + h.delayed > h.fresh + h.returned
    THEN
        v_seqs := ARRAY(SELECT k.seq FROM @s@.live k
            WHERE k.storage = h.storage AND k.seq > p_after AND k.seq >= h.first_seq
            AND (p_states IS NULL OR k.state = ANY (p_states)) ORDER BY k.seq LIMIT p_limit);
    ELSE
        -- What is delayed or in flight has a deadline, and is less than what is visible.
        v_seqs := ARRAY(SELECT x.seq FROM (
            SELECT y.seq FROM unnest(p_states) s (state), LATERAL (
                SELECT k.seq FROM @s@.live k
                WHERE k.storage = h.storage AND k.state = s.state AND k.state IN (1, 2)
                AND k.seq > p_after AND k.seq >= h.first_seq
                ORDER BY k.seq LIMIT p_limit) y
            UNION
            SELECT y.seq FROM (
                SELECT k.seq FROM @s@.live k
                WHERE k.storage = h.storage AND k.until_ms IS NOT NULL
                AND k.state = ANY (p_states) AND k.seq > p_after AND k.seq >= h.first_seq
                OFFSET 0) y
            WHERE h.in_flight + h.delayed > 0) x
            ORDER BY x.seq LIMIT p_limit);
    END IF;
    RETURN QUERY SELECT 0, o.state, o.until_ms, o.seq, o.sent_ms, o.first_ms, o.receive_count,
        o.id, o.body, o.attributes, o.trace, o.grp, o.dedup, o.sender, o.source
    FROM (SELECT l.state, l.until_ms, l.seq, m.sent_ms, l.first_ms, l.receive_count,
        m.id, m.body, m.attributes, m.trace, m.grp, m.dedup, m.sender, m.source,
        row_number() OVER w AS n,
        sum(octet_length(m.body) + coalesce(octet_length(m.attributes), 0)) OVER w AS bytes
    FROM (SELECT x.* FROM (
            (SELECT k.state, k.until_ms, k.seq, k.part, k.first_ms, k.receive_count
            FROM unnest(v_seqs) s (seq)
            JOIN @s@.live k ON k.storage = h.storage AND k.seq = s.seq)
            UNION ALL
            (SELECT 2::smallint, NULL::bigint, k.seq, k.part, NULL::bigint, 0
            FROM @s@.messages k
            WHERE h.bare > 0 AND p_grp IS NULL AND (p_states IS NULL OR 2 = ANY (p_states))
            AND k.storage = h.storage AND k.seq > p_after AND k.seq >= h.bare_seq AND k.bare
            ORDER BY k.seq LIMIT p_limit)) x
        ORDER BY x.seq LIMIT p_limit) l
    CROSS JOIN LATERAL (SELECT * FROM @s@.messages c
        WHERE c.part = l.part AND c.storage = h.storage AND c.seq = l.seq OFFSET 0) m
    WINDOW w AS (ORDER BY l.seq ROWS UNBOUNDED PRECEDING)) o
    WHERE o.n = 1 OR o.bytes <= p_bytes
    ORDER BY o.seq;
END
$$;

-- Moves what a task moves next (S10.3), and answers how many: what was offered may have expired
-- since, or may have been deleted by a transaction of others. Both queues are locked by the caller.
CREATE FUNCTION @s@.move(p_source bigint, p_destination bigint, p_step integer, p_me bigint,
    p_seqs bigint[], p_ids uuid[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads := @s@.enter_fully(p_source, p_step);
    t @s@.heads := @s@.enter_fully(p_destination, p_step);
    v_seqs bigint[];
    n integer;
BEGIN
    h := @s@.dress(h, p_seqs);
    v_seqs := ARRAY(SELECT u.seq FROM unnest(p_seqs) WITH ORDINALITY u (seq, n)
        JOIN @s@.live l ON l.storage = h.storage AND l.seq = u.seq AND l.seq >= h.first_seq
        ORDER BY u.n);
    n := cardinality(v_seqs);
    IF n > 0 THEN
        t := @s@.carry(h, t, v_seqs, p_ids[:n], NULL);
        h := @s@.remove(h, v_seqs);
    END IF;
    PERFORM @s@.save(@s@.wake(t, p_me));
    PERFORM @s@.save(@s@.wake(h, p_me));
    RETURN n;
END
$$;
