-- Receiving: leases, dead letters, attempts.

-- The dead-letter queue of a queue, if it exists.
CREATE FUNCTION @s@.target(p_uid bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT t.uid FROM @s@.queues q JOIN @s@.queues t ON t.account = q.target_account
        AND t.region = q.target_region AND t.name = q.target_name
    WHERE q.uid = p_uid
$$;

-- Makes messages of one queue the newest of another. With p_ids they are new messages there (S10),
-- without they are dead letters (S9.7), whose source is p_source.
CREATE FUNCTION @s@.carry(h @s@.heads, t @s@.heads, p_seqs bigint[], p_ids uuid[], p_source text)
RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_delay bigint := CASE WHEN p_ids IS NULL THEN 0 ELSE t.delay_ms END;
    v_first bigint := t.next_seq;
    v_keeps_age boolean := p_ids IS NULL AND NOT t.fifo;
    v_grps text[];
    v_oldest bigint;
    v_grp text;
    n bigint := cardinality(p_seqs);
BEGIN
    IF t.fresh + t.returned + t.in_flight + t.delayed = 0 THEN
        t.first_seq := v_first;
        IF t.bare = 0 THEN
            t.oldest_ms := t.now_ms;
        END IF;
    END IF;
    t.next_seq := v_first + n;
    t.fair := NOT t.fifo AND (t.fair OR EXISTS (SELECT FROM @s@.live l
        WHERE l.storage = h.storage AND l.seq = ANY (p_seqs) AND l.grp <> ''));
    INSERT INTO @s@.messages (part, storage, seq, sent_ms, id, body, attributes, trace, grp, dedup,
        sender, source)
    SELECT t.part, t.storage, v_first + u.n - 1,
        CASE WHEN v_keeps_age THEN m.sent_ms ELSE t.now_ms END,
        coalesce(p_ids[u.n], m.id), m.body, m.attributes, m.trace, m.grp, m.dedup, m.sender,
        p_source
    FROM unnest(p_seqs) WITH ORDINALITY u (seq, n)
    JOIN @s@.live l ON l.storage = h.storage AND l.seq = u.seq,
    LATERAL (SELECT * FROM @s@.messages c
        WHERE c.part = l.part AND c.storage = l.storage AND c.seq = l.seq OFFSET 0) m;
    INSERT INTO @s@.live (storage, seq, sent_ms, until_ms, first_ms, receive_count, bytes, part,
        state, aged, grp)
    SELECT t.storage, v_first + u.n - 1,
        CASE WHEN v_keeps_age THEN l.sent_ms ELSE t.now_ms END,
        t.now_ms + nullif(v_delay, 0),
        CASE WHEN p_ids IS NULL THEN l.first_ms END,
        CASE WHEN p_ids IS NULL THEN l.receive_count ELSE 0 END,
        l.bytes, t.part, CASE WHEN v_delay > 0 THEN 0 ELSE 2 END, v_keeps_age,
        CASE WHEN t.fair THEN coalesce(l.grp, '') ELSE nullif(l.grp, '') END
    FROM unnest(p_seqs) WITH ORDINALITY u (seq, n)
    JOIN @s@.live l ON l.storage = h.storage AND l.seq = u.seq;
    SELECT array_agg(l.grp ORDER BY l.seq), min(l.sent_ms) INTO v_grps, v_oldest FROM @s@.live l
        WHERE l.storage = t.storage AND l.seq >= v_first;
    t.oldest_ms := least(t.oldest_ms, v_oldest);
    IF v_delay > 0 THEN
        t.delayed := t.delayed + n;
        t.due_ms := least(t.due_ms, t.now_ms + v_delay);
    ELSE
        t.fresh := t.fresh + n;
    END IF;
    t.dirty := true;
    IF t.fifo THEN
        FOR v_grp IN SELECT g FROM unnest(v_grps) WITH ORDINALITY u (g, n)
            GROUP BY g ORDER BY min(u.n)
        LOOP
            t := @s@.refresh(t, v_grp);
        END LOOP;
    ELSIF t.fair THEN
        PERFORM @s@.note_tenants(t, v_first);
    END IF;
    RETURN t;
END
$$;

-- Enters a queue whatever its version and does all that is due.
CREATE FUNCTION @s@.enter_fully(p_uid bigint, p_step integer) RETURNS @s@.heads
LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads;
BEGIN
    h := @s@.enter(p_uid, NULL, abs(p_step));
    WHILE h.code = 2 LOOP
        PERFORM @s@.save(h);
        h := @s@.enter(p_uid, NULL, abs(p_step));
    END LOOP;
    RETURN h;
END
$$;

-- Hides messages: new leases, or those of an attempt again.
CREATE FUNCTION @s@.lease(h @s@.heads, p_seqs bigint[], p_until bigint, p_anew boolean)
RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_hidden boolean := p_until > h.now_ms;
BEGIN
    IF p_anew THEN
        UPDATE @s@.live l SET receives = l.receives + 1, receive_count = l.receive_count + 1,
            first_ms = coalesce(l.first_ms, h.now_ms), received_ms = h.now_ms, changed = false,
            state = CASE WHEN v_hidden THEN 3 ELSE 1 END,
            until_ms = CASE WHEN v_hidden THEN p_until END
        WHERE l.storage = h.storage AND l.seq = ANY (p_seqs) AND l.seq >= h.first_seq;
    ELSE
        UPDATE @s@.live l SET state = CASE WHEN v_hidden THEN 3 ELSE 1 END,
            until_ms = CASE WHEN v_hidden THEN p_until END
        WHERE l.storage = h.storage AND l.seq = ANY (p_seqs) AND l.seq >= h.first_seq;
    END IF;
    IF v_hidden THEN
        h.due_ms := least(h.due_ms, p_until);
    END IF;
    h.dirty := true;
    RETURN h;
END
$$;

-- S7.19: the messages of an attempt, hidden anew, if all are as it left them; else null and the
-- attempt is forgotten.
CREATE FUNCTION @s@.repeat(INOUT h @s@.heads, p_attempt text, p_until bigint, OUT seqs bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    a @s@.attempts;
    v_grp text;
BEGIN
    SELECT * INTO a FROM @s@.attempts t WHERE t.storage = h.storage AND t.attempt = p_attempt;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF h.now_ms >= a.end_ms OR (
        SELECT count(*) FROM unnest(a.seqs, a.receives) u (seq, receive)
        JOIN @s@.live l ON l.storage = h.storage AND l.seq = u.seq
        WHERE l.state = 3 AND l.receives = u.receive AND NOT l.changed) <> cardinality(a.seqs)
    THEN
        DELETE FROM @s@.attempts t WHERE t.storage = h.storage AND t.attempt = p_attempt;
        RETURN;
    END IF;
    seqs := a.seqs;
    h := @s@.lease(h, seqs, p_until, false);
    IF p_until <= h.now_ms THEN
        h.in_flight := h.in_flight - cardinality(seqs);
        h.returned := h.returned + cardinality(seqs);
        FOR v_grp IN SELECT l.grp FROM unnest(seqs) WITH ORDINALITY u (seq, n)
            JOIN @s@.live l ON l.storage = h.storage AND l.seq = u.seq
            GROUP BY l.grp ORDER BY min(u.n)
        LOOP
            h := @s@.refresh(h, v_grp);
        END LOOP;
    END IF;
END
$$;

-- Chooses and leases messages. code: 0, 1 other version, 2 call again, 4 too many in flight,
-- 5 call again with the dead-letter queue locked.
CREATE FUNCTION @s@.take(INOUT h @s@.heads, p_step integer, p_me bigint, p_max bigint,
    p_until bigint, p_waits boolean, p_in_flight_max bigint, p_bytes_max bigint,
    p_moves_max integer, p_locked boolean, p_arn text, OUT seqs bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    t @s@.heads;
    v_room bigint := greatest(p_in_flight_max - h.in_flight, 0);
    v_max bigint := least(p_max, v_room);
    v_target bigint;
    v_limit bigint := v_max;
    v_moved bigint[] := '{}';
    v_grps text[] := '{}';
    v_bytes bigint := 0;
    v_returned bigint := 0;
    v_fresh_seq bigint := h.fresh_seq;
    v_bare bigint[] := '{}';
    v_grp text;
    c record;
BEGIN
    seqs := '{}';
    IF v_room = 0 AND h.bare + h.fresh + h.returned > 0 AND NOT h.fifo AND NOT p_waits THEN
        h.code := 4;
        RETURN;
    END IF;
    IF v_max = 0 OR h.bare + h.fresh + h.returned = 0 THEN
        RETURN;
    END IF;
    IF h.max_receives IS NOT NULL THEN
        v_target := @s@.target(h.uid);
        IF v_target IS NOT NULL AND EXISTS (SELECT FROM @s@.candidates(h, v_max) x
            WHERE x.c_receives >= h.max_receives)
        THEN
            v_limit := v_max + p_moves_max;
        END IF;
    END IF;
    FOR c IN SELECT * FROM @s@.candidates(h, v_limit) LOOP
        EXIT WHEN cardinality(seqs) = v_max OR cardinality(v_moved) = p_moves_max;
        IF v_target IS NOT NULL AND c.c_receives >= h.max_receives THEN
            v_moved := v_moved || c.c_seq;
            CONTINUE;
        END IF;
        v_bytes := v_bytes + c.c_bytes;
        EXIT WHEN v_bytes > p_bytes_max AND cardinality(seqs) > 0;
        seqs := seqs || c.c_seq;
        IF c.c_state = 1 THEN
            v_returned := v_returned + 1;
        ELSIF c.c_state = 4 THEN
            v_bare := v_bare || c.c_seq;
        ELSIF NOT h.fair THEN
            v_fresh_seq := greatest(v_fresh_seq, c.c_seq + 1);
        END IF;
        IF c.c_grp IS NOT NULL THEN
            v_grps := v_grps || c.c_grp;
        END IF;
    END LOOP;
    IF cardinality(v_moved) > 0 THEN
        IF v_target < h.uid AND NOT p_locked AND NOT
            pg_try_advisory_xact_lock(@class@, (v_target % 2147483647)::integer)
        THEN
            h.code := 5;
            RETURN;
        END IF;
        t := @s@.enter_fully(v_target, p_step);
        -- A queue that went between the look at its name and its lock: the next call sees it.
        IF t.code <> 0 THEN
            h.code := 2;
            RETURN;
        END IF;
        t := @s@.carry(h, t, v_moved, NULL, p_arn);
        -- The caller learns of its own changes to the queue that it asked, and of no others.
        t := @s@.wake(t, 0);
        PERFORM @s@.save(t);
        h := @s@.remove(h, v_moved);
        IF h.fifo THEN
            -- S7.8: the group goes on.
            h := @s@.wake(h, 0);
        END IF;
        h.firm := true;
    END IF;
    IF cardinality(seqs) = 0 THEN
        RETURN;
    END IF;
    IF cardinality(v_bare) > 0 THEN
        h := @s@.dress(h, v_bare);
    END IF;
    h := @s@.lease(h, seqs, p_until, true);
    h.returned := h.returned - v_returned;
    h.fresh := h.fresh - (cardinality(seqs) - v_returned);
    IF p_until > h.now_ms THEN
        h.in_flight := h.in_flight + cardinality(seqs);
    ELSE
        h.returned := h.returned + cardinality(seqs);
    END IF;
    IF h.fifo THEN
        FOR v_grp IN SELECT g FROM unnest(v_grps) WITH ORDINALITY u (g, n)
            GROUP BY g ORDER BY min(u.n)
        LOOP
            h := @s@.refresh(h, v_grp);
            h := @s@.rotate(h, v_grp);
        END LOOP;
        h.first_turn := coalesce((SELECT g.turn FROM @s@.ring g WHERE g.storage = h.storage
            AND g.turn >= h.first_turn ORDER BY g.turn LIMIT 1), h.next_turn);
    ELSE
        h.fresh_seq := v_fresh_seq;
        IF h.fair AND p_until > h.now_ms AND cardinality(v_grps) > 0 THEN
            PERFORM @s@.fly(h, v_grps, 1);
        END IF;
    END IF;
END
$$;

-- S7.7: a group that was read goes behind the others if it can deliver still.
CREATE FUNCTION @s@.rotate(h @s@.heads, p_grp text) RETURNS @s@.heads LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM @s@.ring r WHERE r.storage = h.storage AND r.grp = p_grp
        AND r.turn >= h.first_turn;
    IF FOUND THEN
        INSERT INTO @s@.ring VALUES (h.storage, h.next_turn, p_grp);
        h.next_turn := h.next_turn + 1;
    END IF;
    RETURN h;
END
$$;

-- The first visible messages of a standard queue without tenants, for receives that are answered
-- together. Null where one of them could be cut short: then each takes for itself. mixed: some came
-- back, others are new.
CREATE FUNCTION @s@.take_plainly(INOUT h @s@.heads, p_max bigint, p_until bigint,
    p_bytes_max bigint, OUT seqs bigint[], OUT mixed boolean)
LANGUAGE plpgsql AS $$
DECLARE
    v_bytes bigint;
    v_returned bigint := 0;
    v_fresh bigint := 0;
    v_found bigint;
    v_last bigint;
    v_bare bigint[];
BEGIN
    SELECT array_agg(x.seq), sum(x.bytes), count(*), count(*) FILTER (WHERE x.state = 1),
        count(*) FILTER (WHERE x.state = 2), max(x.seq) FILTER (WHERE x.state = 2),
        array_agg(x.seq) FILTER (WHERE x.state = 4)
    INTO seqs, v_bytes, v_found, v_returned, v_fresh, v_last, v_bare
    FROM @s@.candidates(h, p_max) x (seq, grp, bytes, receives, state);
    IF v_found = 0 OR v_bytes > p_bytes_max THEN
        seqs := NULL;
        RETURN;
    END IF;
    mixed := v_returned > 0 AND v_returned < v_found;
    IF v_bare IS NOT NULL THEN
        h := @s@.dress(h, v_bare);
        h.fresh_seq := h.bare_seq;
        v_fresh := v_fresh + cardinality(v_bare);
    ELSIF v_fresh > 0 THEN
        h.fresh_seq := greatest(h.fresh_seq, v_last + 1);
    END IF;
    h.returned := h.returned - v_returned;
    h.fresh := h.fresh - v_fresh;
    h.in_flight := h.in_flight + v_found;
    h.due_ms := least(h.due_ms, p_until);
    h.dirty := true;
END
$$;

-- Receives that ask for the same, one a number of p_maxes, as if one came after the other. The
-- first row has the code, the time, the nearest deadline if one found nothing, and how many
-- messages each of them got; those that are not in this list were not looked at. The other rows
-- are the messages, in delivery order.
--
-- p_lazy is whether the commit need not wait for the disk. A sequence number that was seen must not
-- come to name another message: p_seen is null where the caller sees to that, else a number below
-- which all are on disk, and the commit waits if one above it is in the answer.
CREATE FUNCTION @s@.receive(
    p_uid bigint, p_version bigint, p_step integer, p_me bigint, p_lazy boolean, p_seen bigint,
    p_maxes bigint[], p_hide_ms bigint, p_attempt text, p_waits boolean, p_in_flight_max bigint,
    p_bytes_max bigint, p_moves_max integer, p_lock_target boolean, p_arn text)
RETURNS TABLE (code integer, now_ms bigint, due_ms bigint, counts bigint[], next_seq bigint,
    seq bigint, receives integer, received_ms bigint, sent_ms bigint, first_ms bigint,
    receive_count integer, id uuid, body bytea, attributes text, trace text, grp text, dedup text,
    sender text, source text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    h @s@.heads;
    v_target bigint;
    v_until bigint;
    v_seqs bigint[];
    v_counts bigint[] := '{}';
    v_plain boolean := false;
    v_bare boolean := false;
    v_mixed boolean;
    v_saved boolean;
    v_bytes bigint;
    v_found bigint;
    v_wanted bigint := 0;
    v_max bigint;
    v_nearest bigint;
    x record;
BEGIN
    FOREACH v_max IN ARRAY p_maxes LOOP
        v_wanted := v_wanted + v_max;
    END LOOP;
    IF p_seen IS NULL AND p_attempt IS NULL AND p_hide_ms > 0 AND NOT p_lock_target THEN
        RETURN QUERY SELECT * FROM @s@.receive_plainly(p_uid, p_version, p_maxes, v_wanted,
            p_hide_ms, p_in_flight_max, p_bytes_max);
        IF FOUND THEN
            p_lazy := @s@.be_lazy(p_lazy);
            RETURN;
        END IF;
    END IF;
    IF p_lock_target THEN
        v_target := @s@.target(p_uid);
        IF v_target < p_uid THEN
            PERFORM @s@.lock_queue(v_target);
        END IF;
    END IF;
    h := @s@.enter(p_uid, p_version, p_step);
    v_until := h.now_ms + p_hide_ms;
    IF h.code = 0 AND p_attempt IS NULL AND p_hide_ms > 0 AND NOT h.fifo AND NOT h.fair
        AND (h.max_receives IS NULL OR h.returned = 0)
        AND h.in_flight + v_wanted <= p_in_flight_max
    THEN
        IF h.fresh + h.returned > 0 THEN
            SELECT * INTO x FROM @s@.take_plainly(h, v_wanted, v_until, p_bytes_max);
            v_plain := x.seqs IS NOT NULL;
            IF v_plain THEN
                h := x.h;
                v_seqs := x.seqs;
                v_mixed := x.mixed;
            END IF;
        ELSIF h.bare > 0 THEN
            SELECT array_agg(k.seq), sum(k.bytes) INTO v_seqs, v_bytes FROM (
                SELECT m.seq, octet_length(m.body) AS bytes FROM @s@.messages m
                WHERE m.storage = h.storage AND m.seq >= h.bare_seq AND m.bare
                ORDER BY m.seq LIMIT v_wanted) k;
            v_bare := coalesce(v_bytes <= p_bytes_max, false);
            v_plain := v_bare;
            IF v_bare THEN
                v_found := cardinality(v_seqs);
                h.bare := h.bare - v_found;
                h.bare_seq := v_seqs[v_found] + 1;
                h.first_seq := least(h.first_seq, v_seqs[1]);
                h.in_flight := h.in_flight + v_found;
                h.due_ms := least(h.due_ms, v_until);
                h.dirty := true;
            END IF;
        ELSE
            v_plain := true;
            v_seqs := '{}';
        END IF;
        IF v_plain THEN
            v_found := cardinality(v_seqs);
            FOREACH v_max IN ARRAY p_maxes LOOP
                v_counts := v_counts || least(v_max, v_found);
                v_found := greatest(v_found - v_max, 0);
            END LOOP;
        END IF;
    END IF;
    IF h.code = 0 AND NOT v_plain THEN
        v_seqs := '{}';
        FOREACH v_max IN ARRAY p_maxes LOOP
            SELECT * INTO x FROM @s@.take_by_itself(h, p_step, p_me, v_max, v_until, p_attempt,
                p_waits, p_in_flight_max, p_bytes_max, p_moves_max, p_lock_target, p_arn);
            h := x.h;
            EXIT WHEN h.code <> 0;
            v_seqs := v_seqs || x.seqs;
            v_counts := v_counts || cardinality(x.seqs)::bigint;
        END LOOP;
        -- What came before stands; the others come again and are told then.
        IF h.code <> 0 AND cardinality(v_counts) > 0 THEN
            h.code := 0;
        END IF;
    END IF;
    IF h.code = 0 AND v_counts[cardinality(v_counts)] = 0 THEN
        v_nearest := @s@.nearest(h);
        -- The leases of receives before it are stored below.
        IF v_plain AND cardinality(v_seqs) > 0 THEN
            v_nearest := least(v_nearest, v_until);
        END IF;
        IF v_nearest <> h.due_ms THEN
            -- Stored, so that no receive looks again at deadlines of what is gone.
            h.due_ms := v_nearest;
            h.dirty := true;
        END IF;
        IF p_waits AND h.armed <> p_me AND h.armed <> -1 THEN
            h.armed := CASE WHEN h.armed = 0 THEN p_me ELSE -1 END;
            h.dirty := true;
        END IF;
    ELSIF h.code = 0 AND p_hide_ms = 0 THEN
        h := @s@.wake(h, p_me);
    END IF;
    v_saved := @s@.save(h);
    IF p_seen IS NOT NULL AND (h.firm OR p_seen <= (SELECT max(s) FROM unnest(v_seqs) s)) THEN
        p_lazy := false;
    END IF;
    p_lazy := @s@.be_lazy(p_lazy);
    code := h.code;
    now_ms := h.now_ms;
    due_ms := nullif(h.due_ms, 9223372036854775807);
    counts := v_counts;
    next_seq := h.next_seq;
    RETURN NEXT;
    IF v_bare THEN
        RETURN QUERY WITH found AS MATERIALIZED (
            SELECT m.* FROM @s@.messages m
            WHERE m.storage = h.storage AND m.seq >= v_seqs[1]
                AND m.seq <= v_seqs[cardinality(v_seqs)] AND m.bare
            ORDER BY m.seq
        ), leased AS (
            INSERT INTO @s@.live (storage, seq, sent_ms, until_ms, first_ms, received_ms, receives,
                receive_count, bytes, part, state)
            SELECT h.storage, f.seq, f.sent_ms, v_until, h.now_ms, h.now_ms, 1, 1,
                octet_length(f.body), f.part, 3
            FROM found f)
        SELECT 0, h.now_ms, v_until, NULL::bigint[], NULL::bigint, m.seq, 1, h.now_ms, m.sent_ms,
            h.now_ms, 1, m.id, m.body, m.attributes, m.trace, m.grp, m.dedup, m.sender, m.source
        FROM found m ORDER BY m.seq;
    ELSIF v_plain AND cardinality(v_seqs) > 0 THEN
        RETURN QUERY WITH leased AS (
            UPDATE @s@.live l SET receives = l.receives + 1, receive_count = l.receive_count + 1,
                first_ms = coalesce(l.first_ms, h.now_ms), received_ms = h.now_ms, changed = false,
                state = 3, until_ms = v_until
            WHERE l.storage = h.storage AND l.seq = ANY (v_seqs) AND l.seq >= h.first_seq
            RETURNING l.seq, l.part, l.receives, l.received_ms, l.first_ms, l.receive_count)
        SELECT 0, h.now_ms, v_until, NULL::bigint[], NULL::bigint, l.seq, l.receives, l.received_ms, m.sent_ms,
            l.first_ms, l.receive_count, m.id, m.body, m.attributes, m.trace, m.grp, m.dedup,
            m.sender, m.source
        -- OFFSET 0, here and elsewhere: joined, a plan may read the queue's contents for each row,
        -- as parts that are empty have no statistics.
        FROM leased l, LATERAL (SELECT * FROM @s@.messages c
            WHERE c.part = l.part AND c.storage = h.storage AND c.seq = l.seq OFFSET 0) m
        ORDER BY CASE WHEN v_mixed THEN array_position(v_seqs, l.seq) ELSE l.seq END;
    ELSIF h.code = 0 AND cardinality(v_seqs) > 0 THEN
        RETURN QUERY SELECT 0, h.now_ms, v_until, NULL::bigint[], NULL::bigint, l.seq, l.receives, l.received_ms,
            m.sent_ms, l.first_ms, l.receive_count, m.id, m.body, m.attributes, m.trace, m.grp,
            m.dedup, m.sender, m.source
        FROM unnest(v_seqs) WITH ORDINALITY u (seq, n)
        JOIN @s@.live l ON l.storage = h.storage AND l.seq = u.seq AND l.seq >= h.first_seq,
        LATERAL (SELECT * FROM @s@.messages c
            WHERE c.part = l.part AND c.storage = l.storage AND c.seq = l.seq OFFSET 0) m
        ORDER BY u.n;
    END IF;
END
$$;

-- One receive of any queue: an attempt again, or new leases.
CREATE FUNCTION @s@.take_by_itself(INOUT h @s@.heads, p_step integer, p_me bigint, p_max bigint,
    p_until bigint, p_attempt text, p_waits boolean, p_in_flight_max bigint, p_bytes_max bigint,
    p_moves_max integer, p_locked boolean, p_arn text, OUT seqs bigint[]) LANGUAGE plpgsql AS $$
DECLARE
    x record;
BEGIN
    IF p_attempt IS NOT NULL THEN
        SELECT * INTO x FROM @s@.repeat(h, p_attempt, p_until);
        h := x.h;
        seqs := x.seqs;
    END IF;
    IF seqs IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO x FROM @s@.take(h, p_step, p_me, p_max, p_until, p_waits, p_in_flight_max,
        p_bytes_max, p_moves_max, p_locked, p_arn);
    h := x.h;
    seqs := x.seqs;
    IF p_attempt IS NOT NULL AND cardinality(seqs) > 0 THEN
        INSERT INTO @s@.attempts AS a
        SELECT h.storage, p_attempt, seqs, array_agg(l.receives ORDER BY u.n), h.now_ms + 300000
        FROM unnest(seqs) WITH ORDINALITY u (seq, n)
        JOIN @s@.live l ON l.storage = h.storage AND l.seq = u.seq AND l.seq >= h.first_seq
        ON CONFLICT (storage, attempt) DO UPDATE SET seqs = excluded.seqs,
            receives = excluded.receives, end_ms = excluded.end_ms;
    END IF;
END
$$;
