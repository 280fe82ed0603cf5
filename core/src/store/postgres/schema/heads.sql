-- A queue's head: entering it, what time alone changes, leaving it.

CREATE FUNCTION @s@.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(
        (SELECT now_ms FROM @s@.clock),
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
$$;

-- Transitions of a queue follow each other: its lock is held until the commit is visible. The other
-- lock, which all share, comes first: the keeper waits for all of them and must hold nobody up who
-- has a queue.
CREATE FUNCTION @s@.lock_queue(p_uid bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    -- After the wait for the lock the present must be seen, not what was when the wait began.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Queues need transactions that are READ COMMITTED';
    END IF;
    RETURN pg_advisory_xact_lock_shared(@class@, -4) IS NOT NULL
        AND pg_advisory_xact_lock(@class@, (p_uid % 2147483647)::integer) IS NOT NULL;
END
$$;

-- Where functions are called by assignments and conditions, here and elsewhere, and not by PERFORM,
-- that is because PERFORM makes a statement of it, which costs several times the call.

-- An id of a transaction that was noted, or 0 if it is none of this database: one that was dumped and
-- restored counts anew.
CREATE FUNCTION @s@.known_xid(p_xid bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_xid <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        THEN p_xid ELSE 0 END
$$;

-- The head as it is, without what is due. The part that it names is not emptied until the
-- transaction ends.
CREATE FUNCTION @s@.load(p_uid bigint, p_version bigint) RETURNS @s@.heads
LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads;
BEGIN
    IF NOT @s@.lock_queue(p_uid) THEN
        RAISE EXCEPTION 'A lock was neither given nor refused';
    END IF;
    SELECT k.uid, k.tick, k.version, k.storage, k.fifo, k.fair, k.retention_ms, k.delay_ms,
        k.max_receives, k.next_seq, k.first_seq, k.fresh_seq, k.bare_seq, k.first_turn,
        k.next_turn, k.returned, k.fresh, k.bare, k.in_flight, k.delayed, k.due_ms, k.due_done_ms, k.oldest_ms,
        greatest(k.now_ms, coalesce((SELECT c.now_ms FROM @s@.clock c),
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint)),
        k.armed, k.joined_xid, k.age, CASE WHEN k.version <> p_version THEN 1 ELSE 0 END, false, false,
        EXISTS (SELECT FROM @s@.inbox i
            WHERE i.uid = k.uid AND i.xid >= @s@.known_xid(k.joined_xid)),
        (SELECT p.current FROM @s@.part_now p)
    INTO h FROM @s@.heads k WHERE k.uid = p_uid ORDER BY k.tick DESC LIMIT 1;
    -- Deleted since the caller learned of it.
    IF NOT FOUND THEN
        h.code := 1;
        h.dirty := false;
    END IF;
    RETURN h;
END
$$;

-- The head after what is due; p_step bounds how much of that is done at once. A null version
-- takes any. A negative step is that of a call with others behind it in its transaction: they must
-- not be carried out where it has to come again, so that undoes all of them.
CREATE FUNCTION @s@.enter(p_uid bigint, p_version bigint, p_step integer) RETURNS @s@.heads
LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads := @s@.load(p_uid, p_version);
BEGIN
    IF h.code = 0 AND (h.due_ms <= h.now_ms OR h.oldest_ms <= h.now_ms - h.retention_ms) THEN
        h := @s@.due(h, abs(p_step));
    END IF;
    IF h.code = 0 AND h.joined THEN
        h := @s@.take_in(h, abs(p_step));
    END IF;
    IF h.code = 2 AND p_step < 0 THEN
        RAISE EXCEPTION 'Much is overdue in this queue' USING ERRCODE = 'FB002';
    END IF;
    RETURN h;
END
$$;

-- Whether the commit waits for the disk, and for a synchronous standby; null leaves that.
CREATE FUNCTION @s@.be_lazy(p_lazy boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_set text := current_setting('synchronous_commit');
BEGIN
    IF p_lazy <> (v_set = 'off') THEN
        v_set := set_config('synchronous_commit', CASE WHEN p_lazy THEN 'off' ELSE 'on' END, true);
    END IF;
    RETURN v_set = 'off';
END
$$;

-- Commits when all that was committed before is on disk, and on a synchronous standby: for commits
-- that did not wait themselves. A transaction that writes nothing would not wait either.
CREATE FUNCTION @s@.confirm() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM @s@.be_lazy(false), pg_logical_emit_message(true, 'forebay', '');
END
$$;

-- Stores the head if it changed. Overwrites the row some times, which is cheap, then puts a new one into its place: of a row that
-- an open transaction elsewhere keeps from being cleaned up there are never many versions.
CREATE FUNCTION @s@.save(h @s@.heads) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT h.dirty THEN
        RETURN false;
    END IF;
    IF h.age < 100 THEN
        h.age := h.age + 1;
        UPDATE @s@.heads SET (
            version, storage, fifo, fair, retention_ms, delay_ms, max_receives, next_seq, first_seq,
            fresh_seq, bare_seq, first_turn, next_turn, returned, fresh, bare, in_flight, delayed, due_ms,
            due_done_ms, oldest_ms, now_ms, armed, joined_xid, age) = (
            h.version, h.storage, h.fifo, h.fair, h.retention_ms, h.delay_ms, h.max_receives,
            h.next_seq, h.first_seq, h.fresh_seq, h.bare_seq, h.first_turn, h.next_turn,
            h.returned, h.fresh, h.bare, h.in_flight, h.delayed, h.due_ms, h.due_done_ms, h.oldest_ms, h.now_ms,
            h.armed, h.joined_xid, h.age)
        WHERE uid = h.uid AND tick = h.tick;
        RETURN true;
    END IF;
    h.tick := h.tick + 1;
    h.code := 0;
    h.age := 0;
    INSERT INTO @s@.heads SELECT h.*;
    DELETE FROM @s@.heads WHERE uid = h.uid AND tick = h.tick - 1;
    RETURN true;
END
$$;

-- Tells those who wait; the flag makes it one notification until somebody waits again. The caller
-- itself learns of its own changes without.
CREATE FUNCTION @s@.wake(h @s@.heads, p_me bigint) RETURNS @s@.heads LANGUAGE plpgsql AS $$
BEGIN
    IF h.armed <> 0 AND h.armed <> p_me THEN
        PERFORM pg_notify('@channel@', h.uid::text);
        h.armed := 0;
        h.dirty := true;
    END IF;
    RETURN h;
END
$$;

-- D5: keeps the ring the list of groups with a visible head.
CREATE FUNCTION @s@.refresh(h @s@.heads, p_grp text) RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_state smallint;
    v_turn bigint;
BEGIN
    SELECT l.state INTO v_state FROM @s@.live l
        WHERE l.storage = h.storage AND l.grp = p_grp AND l.seq >= h.first_seq
        ORDER BY l.seq LIMIT 1;
    SELECT r.turn INTO v_turn FROM @s@.ring r
        WHERE r.storage = h.storage AND r.grp = p_grp AND r.turn >= h.first_turn LIMIT 1;
    IF coalesce(v_state IN (1, 2), false) THEN
        IF v_turn IS NULL THEN
            INSERT INTO @s@.ring VALUES (h.storage, h.next_turn, p_grp);
            h.next_turn := h.next_turn + 1;
            h.dirty := true;
        END IF;
    ELSIF v_turn IS NOT NULL THEN
        DELETE FROM @s@.ring WHERE storage = h.storage AND turn = v_turn;
        h.dirty := true;
    END IF;
    RETURN h;
END
$$;

-- Messages of tenants enter (+1) or leave (-1) flight, or stop or begin to be visible without (0).
-- p_backs are those of them that can be delivered from now on; without it none can that could not
-- before. For many at once: what it costs is its plan.
CREATE FUNCTION @s@.fly(h @s@.heads, p_grps text[], p_by integer, p_backs bigint[] DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
    -- By their places, which are found first: joined by group and tick, a plan may read all that is
    -- left of a tenant's changes.
    WITH c AS MATERIALIZED (
        SELECT x.g, x.n, x.back, k.ctid AS place
        FROM (SELECT u.g, count(*) AS n, min(u.back) AS back FROM unnest(p_grps, p_backs) u (g, back)
                WHERE u.g IS NOT NULL GROUP BY u.g) x,
            LATERAL (SELECT t.ctid FROM @s@.tenants t WHERE t.storage = h.storage AND t.grp = x.g
                ORDER BY t.tick DESC LIMIT 1) k
    )
    UPDATE @s@.tenants t SET tick = t.tick + 1, in_flight = t.in_flight + p_by * c.n,
        head = CASE
            WHEN c.back IS NOT NULL THEN least(t.head, c.back)
            WHEN p_by < 0 THEN t.head
            ELSE (SELECT l.seq FROM @s@.live l WHERE l.storage = h.storage AND l.grp = c.g
                AND l.state IN (1, 2) AND l.seq >= greatest(t.head, h.first_seq)
                ORDER BY l.seq LIMIT 1)
        END
    FROM c WHERE t.ctid = c.place
$$;

-- Messages from this number on were sent just now.
CREATE FUNCTION @s@.note_tenants(h @s@.heads, p_first bigint) RETURNS void LANGUAGE sql AS $$
    WITH sent AS MATERIALIZED (
        SELECT l.grp, min(l.seq) FILTER (WHERE l.state = 2) AS head
        FROM @s@.live l WHERE l.storage = h.storage AND l.seq >= p_first GROUP BY 1
    ), placed AS MATERIALIZED (
        SELECT s.grp, s.head, k.ctid AS place FROM sent s LEFT JOIN
            LATERAL (SELECT t.ctid FROM @s@.tenants t WHERE t.storage = h.storage AND t.grp = s.grp
                ORDER BY t.tick DESC LIMIT 1) k ON true
    ), known AS (
        UPDATE @s@.tenants t SET tick = t.tick + 1, sent_ms = h.now_ms,
            head = least(t.head, p.head)
        FROM placed p WHERE t.ctid = p.place)
    INSERT INTO @s@.tenants (storage, grp, tick, sent_ms, in_flight, head)
    SELECT h.storage, p.grp, 1, h.now_ms, 0, p.head FROM placed p WHERE p.place IS NULL
$$;

CREATE FUNCTION @s@.count_state(h @s@.heads, p_state integer, p_by bigint) RETURNS @s@.heads
LANGUAGE plpgsql AS $$
BEGIN
    CASE p_state
        WHEN 0 THEN h.delayed := h.delayed + p_by;
        WHEN 1 THEN h.returned := h.returned + p_by;
        WHEN 2 THEN h.fresh := h.fresh + p_by;
        ELSE h.in_flight := h.in_flight + p_by;
    END CASE;
    h.dirty := true;
    RETURN h;
END
$$;

-- Takes messages out, in this order. That none is below first_seq is said here and elsewhere because
-- a plan may look through a queue for a list of numbers, when few rows seem to be there.
CREATE FUNCTION @s@.remove(h @s@.heads, p_seqs bigint[]) RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_seq bigint;
    v_grp text;
    v_state smallint;
    v_delayed bigint;
    v_returned bigint;
    v_fresh bigint;
    v_in_flight bigint;
    v_bare bigint;
    n bigint;
    v_flying text[];
    v_visible text[];
BEGIN
    IF h.fifo THEN
        FOREACH v_seq IN ARRAY p_seqs LOOP
            DELETE FROM @s@.live l WHERE l.storage = h.storage AND l.seq = v_seq
                RETURNING l.state, l.grp INTO v_state, v_grp;
            IF FOUND THEN
                h := @s@.count_state(h, v_state, -1);
                h := @s@.refresh(h, v_grp);
            END IF;
        END LOOP;
    ELSE
        WITH gone AS (
            DELETE FROM @s@.live l WHERE l.storage = h.storage AND l.seq = ANY (p_seqs)
                AND l.seq >= h.first_seq
            RETURNING l.state, l.grp)
        SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1),
            count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3),
            array_agg(grp) FILTER (WHERE state = 3 AND grp IS NOT NULL),
            array_agg(grp) FILTER (WHERE state IN (1, 2) AND grp IS NOT NULL)
        INTO v_delayed, v_returned, v_fresh, v_in_flight, v_flying, v_visible FROM gone;
        n := v_delayed + v_returned + v_fresh + v_in_flight;
        IF n < cardinality(p_seqs) AND h.bare > 0 THEN
            -- Receives that were lost with a machine left these bare. The rows stay, as those of
            -- all that is gone: a send of unknown outcome is looked for there.
            -- One by one: for a list a plan may read all that is bare.
            FOREACH v_seq IN ARRAY p_seqs LOOP
                UPDATE @s@.messages m SET bare = false
                    WHERE m.storage = h.storage AND m.seq = v_seq AND v_seq >= h.bare_seq AND m.bare;
                GET DIAGNOSTICS v_bare = ROW_COUNT;
                h.bare := h.bare - v_bare;
                h.dirty := h.dirty OR v_bare > 0;
            END LOOP;
        END IF;
        IF n = 0 THEN
            RETURN h;
        END IF;
        h.delayed := h.delayed - v_delayed;
        h.returned := h.returned - v_returned;
        h.fresh := h.fresh - v_fresh;
        h.in_flight := h.in_flight - v_in_flight;
        h.dirty := true;
        IF v_flying IS NOT NULL THEN
            PERFORM @s@.fly(h, v_flying, -1);
        END IF;
        IF v_visible IS NOT NULL THEN
            PERFORM @s@.fly(h, v_visible, 0);
        END IF;
    END IF;
    RETURN @s@.advance_first(h, p_seqs);
END
$$;

-- Gives bare messages, the first that there are, rows in live.
CREATE FUNCTION @s@.dress(h @s@.heads, p_seqs bigint[]) RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_first bigint;
    v_last bigint;
    n bigint;
BEGIN
    WITH dressed AS (
        INSERT INTO @s@.live (storage, seq, sent_ms, bytes, part, state)
        SELECT m.storage, m.seq, m.sent_ms, octet_length(m.body), m.part, 2
        FROM (SELECT DISTINCT s.seq FROM unnest(p_seqs) s (seq) WHERE s.seq >= h.bare_seq) s,
            LATERAL (SELECT * FROM @s@.messages k
                WHERE k.storage = h.storage AND k.seq = s.seq AND k.bare OFFSET 0) m
        RETURNING seq)
    SELECT count(*), min(seq), max(seq) INTO n, v_first, v_last FROM dressed;
    IF n > 0 THEN
        h.bare := h.bare - n;
        h.fresh := h.fresh + n;
        h.bare_seq := v_last + 1;
        h.first_seq := least(h.first_seq, v_first);
        h.fresh_seq := least(h.fresh_seq, v_first);
        h.dirty := true;
    END IF;
    RETURN h;
END
$$;

-- Moves the lower bound of the messages on when the lowest may be among those that went.
CREATE FUNCTION @s@.advance_first(h @s@.heads, p_seqs bigint[]) RETURNS @s@.heads
LANGUAGE plpgsql AS $$
BEGIN
    IF h.fresh + h.returned + h.in_flight + h.delayed = 0 THEN
        h.first_seq := h.next_seq;
    ELSIF h.first_seq = ANY (p_seqs) THEN
        SELECT l.seq INTO h.first_seq FROM @s@.live l
            WHERE l.storage = h.storage AND l.seq > h.first_seq ORDER BY l.seq LIMIT 1;
        h.first_seq := coalesce(h.first_seq, h.next_seq);
    END IF;
    RETURN h;
END
$$;

-- D1: first retention, then the delays and visibility timeouts that ended, in their order.
CREATE FUNCTION @s@.due(h @s@.heads, p_step integer) RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_limit_ms bigint := h.now_ms - h.retention_ms;
    v_seqs bigint[];
    v_done integer := 0;
    v_last bigint := h.due_done_ms;
    v_flew text[] := '{}';
    v_flew_seqs bigint[] := '{}';
    v_slept text[] := '{}';
    v_slept_seqs bigint[] := '{}';
    v_bare bigint;
    v_bare_seq bigint;
    r record;
BEGIN
    IF h.oldest_ms <= v_limit_ms THEN
        v_seqs := ARRAY(
            SELECT x.seq FROM (
                (SELECT l.seq FROM @s@.live l
                    WHERE l.storage = h.storage AND l.aged AND l.sent_ms <= v_limit_ms
                    ORDER BY l.sent_ms LIMIT p_step)
                UNION ALL
                (SELECT y.seq FROM (
                    SELECT l.seq, l.sent_ms FROM @s@.live l
                        WHERE l.storage = h.storage AND l.seq >= h.first_seq AND NOT l.aged
                        ORDER BY l.seq LIMIT p_step) y
                    WHERE y.sent_ms <= v_limit_ms)) x
            ORDER BY x.seq LIMIT p_step);
        h.dirty := true;
        IF cardinality(v_seqs) > 0 THEN
            h := @s@.remove(h, v_seqs);
        END IF;
        IF cardinality(v_seqs) >= p_step THEN
            h.code := 2;
            RETURN h;
        END IF;
        IF h.bare > 0 THEN
            SELECT count(*), max(y.seq) + 1 INTO v_bare, v_bare_seq FROM (
                SELECT m.seq, m.sent_ms FROM @s@.messages m
                    WHERE m.storage = h.storage AND m.seq >= h.bare_seq AND m.bare
                    ORDER BY m.seq LIMIT p_step) y
                WHERE y.sent_ms <= v_limit_ms;
            h.bare := h.bare - v_bare;
            h.bare_seq := greatest(h.bare_seq, v_bare_seq);
            IF v_bare >= p_step THEN
                h.code := 2;
                RETURN h;
            END IF;
        END IF;
        h.oldest_ms := least(
            (SELECT m.sent_ms FROM @s@.messages m
                WHERE h.bare > 0 AND m.storage = h.storage AND m.seq >= h.bare_seq AND m.bare
                ORDER BY m.seq LIMIT 1),
            (SELECT l.sent_ms FROM @s@.live l
                WHERE l.storage = h.storage AND l.seq >= h.first_seq AND NOT l.aged
                ORDER BY l.seq LIMIT 1),
            (SELECT min(l.sent_ms) FROM @s@.live l WHERE l.storage = h.storage AND l.aged),
            h.now_ms);
    END IF;
    IF h.due_ms > h.now_ms THEN
        RETURN h;
    END IF;
    h.dirty := true;
    FOR r IN SELECT l.seq, l.state, l.grp, l.until_ms FROM @s@.live l
        WHERE l.storage = h.storage AND l.until_ms > h.due_done_ms AND l.until_ms <= h.now_ms
        ORDER BY l.until_ms, l.seq LIMIT p_step
    LOOP
        v_done := v_done + 1;
        v_last := r.until_ms;
        UPDATE @s@.live l SET state = 1, until_ms = NULL
            WHERE l.storage = h.storage AND l.seq = r.seq;
        h := @s@.count_state(h, r.state, -1);
        h.returned := h.returned + 1;
        IF h.fifo THEN
            h := @s@.refresh(h, r.grp);
        ELSIF r.grp IS NOT NULL THEN
            IF r.state = 3 THEN
                v_flew := v_flew || r.grp;
                v_flew_seqs := v_flew_seqs || r.seq;
            ELSE
                v_slept := v_slept || r.grp;
                v_slept_seqs := v_slept_seqs || r.seq;
            END IF;
        END IF;
    END LOOP;
    IF cardinality(v_flew) > 0 THEN
        PERFORM @s@.fly(h, v_flew, -1, v_flew_seqs);
    END IF;
    IF cardinality(v_slept) > 0 THEN
        PERFORM @s@.fly(h, v_slept, 0, v_slept_seqs);
    END IF;
    IF v_done >= p_step THEN
        h.due_done_ms := v_last - 1;
        h.code := 2;
        RETURN h;
    END IF;
    h.due_done_ms := h.now_ms;
    h.due_ms := @s@.nearest(h);
    RETURN h;
END
$$;

-- The nearest deadline; the largest bigint without one. None is before due_ms: what lies there is of
-- messages that are gone.
CREATE FUNCTION @s@.nearest(h @s@.heads) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce((SELECT l.until_ms FROM @s@.live l
        WHERE l.storage = h.storage AND l.until_ms >= greatest(h.due_ms, h.due_done_ms + 1)
        ORDER BY l.until_ms LIMIT 1), 9223372036854775807)
$$;
