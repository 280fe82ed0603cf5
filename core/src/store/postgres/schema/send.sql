-- Sending: deduplication and storing. What is admitted was decided by the caller, under the
-- version of the attributes that it names.

-- p_retry is null, or a sequence number below which no earlier try of this send can have stored
-- anything: messages of these ids that are there already are not stored again. Lists that would
-- hold nothing but nulls, or delays of 0, may be null; of senders that are all the same one is
-- enough. The lists of the answer are null where each message got the next number.
CREATE FUNCTION @s@.put(
    p_uid bigint, p_version bigint, p_step integer, p_me bigint, p_lazy boolean,
    p_by_group boolean, p_retry bigint, p_ids uuid[], p_bodies bytea[], p_attributes text[],
    p_traces text[],
    p_groups text[], p_dedups text[], p_delays bigint[], p_senders text[],
    OUT code integer, OUT next_seq bigint, OUT seqs bigint[], OUT ids uuid[], OUT dups boolean[])
LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads;
    v_lazy boolean;
    v_saved boolean;
    x record;
BEGIN
    IF p_retry IS NULL AND p_groups IS NULL AND p_delays IS NULL THEN
        next_seq := @s@.put_plainly(p_uid, p_version, p_me, p_ids, p_bodies, p_attributes,
            p_traces, p_senders);
        IF next_seq IS NOT NULL THEN
            code := 0;
            v_lazy := @s@.be_lazy(p_lazy);
            RETURN;
        END IF;
    END IF;
    h := @s@.enter(p_uid, p_version, p_step);
    code := h.code;
    next_seq := h.next_seq;
    IF h.code = 0 THEN
        v_lazy := @s@.be_lazy(p_lazy);
        IF h.fifo OR p_retry IS NOT NULL THEN
            SELECT * INTO x FROM @s@.accept(h, p_by_group, p_retry, p_ids, p_bodies,
                p_attributes, p_traces, p_groups, p_dedups, p_delays, p_senders);
            h := x.h;
            seqs := x.seqs;
            ids := x.ids;
            dups := x.dups;
        ELSE
            h := @s@.store(h, p_ids, p_bodies, p_attributes, p_traces, p_groups, p_dedups,
                p_delays, p_senders);
        END IF;
        IF h.armed <> 0 AND h.next_seq > next_seq THEN
            h := @s@.wake(h, p_me);
        END IF;
        -- What the answer is about may not be on disk yet, and this writes nothing.
        IF h.next_seq = next_seq AND NOT v_lazy THEN
            PERFORM @s@.confirm();
        END IF;
    END IF;
    v_saved := @s@.save(h);
END
$$;

-- Stores the messages that are not there: for each its number, its id, and whether it is a
-- duplicate (S8).
CREATE FUNCTION @s@.accept(INOUT h @s@.heads, p_by_group boolean, p_retry bigint, p_ids uuid[],
    p_bodies bytea[], p_attributes text[], p_traces text[], p_groups text[], p_dedups text[],
    p_delays bigint[], p_senders text[], OUT seqs bigint[], OUT ids uuid[], OUT dups boolean[])
LANGUAGE plpgsql AS $$
DECLARE
    v_new integer[] := '{}';
    v_stored bigint[];
    v_id uuid;
    v_seq bigint;
    v_end bigint;
BEGIN
    IF p_retry IS NOT NULL THEN
        v_stored := @s@.stored_since(h.storage, p_retry, p_ids);
    END IF;
    FOR i IN 1..cardinality(p_ids) LOOP
        v_id := NULL;
        IF h.fifo THEN
            SELECT d.id, d.seq, d.end_ms INTO v_id, v_seq, v_end FROM @s@.dedup d
                WHERE d.storage = h.storage AND d.dedup = p_dedups[i]
                AND d.scope = CASE WHEN p_by_group THEN p_groups[i] ELSE '' END;
            IF v_id IS NOT NULL AND v_end <= h.now_ms THEN
                v_id := NULL;
            END IF;
        END IF;
        IF v_id IS NULL AND v_stored[i] IS NOT NULL THEN
            v_id := p_ids[i];
            v_seq := v_stored[i];
        END IF;
        dups[i] := v_id IS NOT NULL AND v_id <> p_ids[i];
        IF v_id IS NULL THEN
            v_id := p_ids[i];
            v_seq := h.next_seq + cardinality(v_new);
            v_new := v_new || i;
            IF h.fifo THEN
                INSERT INTO @s@.dedup AS d VALUES (h.storage,
                    CASE WHEN p_by_group THEN p_groups[i] ELSE '' END,
                    p_dedups[i], v_id, v_seq, h.now_ms + 300000)
                ON CONFLICT (storage, scope, dedup) DO UPDATE
                    SET id = excluded.id, seq = excluded.seq, end_ms = excluded.end_ms;
            END IF;
        END IF;
        seqs[i] := v_seq;
        ids[i] := v_id;
    END LOOP;
    IF cardinality(v_new) = cardinality(p_ids) THEN
        h := @s@.store(h, p_ids, p_bodies, p_attributes, p_traces, p_groups, p_dedups, p_delays,
            p_senders);
    ELSIF cardinality(v_new) > 0 THEN
        SELECT s.* INTO h FROM (
            SELECT array_agg(p_ids[n]) AS ids, array_agg(p_bodies[n]) AS bodies,
                array_agg(p_attributes[n]) AS attributes, array_agg(p_traces[n]) AS traces,
                array_agg(p_groups[n]) AS groups, array_agg(p_dedups[n]) AS dedups,
                array_agg(coalesce(p_delays[n], 0)) AS delays,
                array_agg(coalesce(p_senders[n], p_senders[1])) AS senders
            FROM unnest(v_new) n) a,
            LATERAL @s@.store(h, a.ids, a.bodies, a.attributes, a.traces, a.groups, a.dedups,
                a.delays, a.senders) s;
    END IF;
END
$$;

-- The number of each message that was stored under this number or later, null for the others. All
-- are looked for together: ids have no index, and the first send of a process knows no later
-- number.
CREATE FUNCTION @s@.stored_since(p_storage bigint, p_seq bigint, p_ids uuid[]) RETURNS bigint[]
LANGUAGE sql SET enable_hashjoin = on SET enable_nestloop = off AS $$
    SELECT array_agg(x.seq ORDER BY x.n) FROM (
        SELECT u.n, min(m.seq) AS seq FROM unnest(p_ids) WITH ORDINALITY u (id, n)
        LEFT JOIN @s@.messages m ON m.id = u.id AND m.storage = p_storage AND m.seq >= p_seq
        GROUP BY u.n) x
$$;

-- Stores messages under the next numbers.
CREATE FUNCTION @s@.store(h @s@.heads, p_ids uuid[], p_bodies bytea[], p_attributes text[],
    p_traces text[], p_groups text[], p_dedups text[], p_delays bigint[], p_senders text[])
RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_first bigint := h.next_seq;
    v_delayed bigint := 0;
    v_delay bigint;
    v_grp text;
    v_bare boolean;
    n integer := cardinality(p_ids);
BEGIN
    h.dirty := true;
    h.next_seq := v_first + n;
    IF h.bare + h.fresh + h.returned + h.in_flight + h.delayed = 0 THEN
        h.oldest_ms := h.now_ms;
    END IF;
    IF p_groups IS NOT NULL AND NOT h.fifo AND NOT h.fair THEN
        h.fair := EXISTS (SELECT FROM unnest(p_groups) g WHERE g <> '');
    END IF;
    v_bare := NOT h.fifo AND NOT h.fair AND p_delays IS NULL;
    INSERT INTO @s@.messages (part, storage, seq, bare, sent_ms, id, body, attributes, trace, grp,
        dedup, sender)
    SELECT h.part, h.storage, v_first + i - 1, v_bare, h.now_ms, p_ids[i], p_bodies[i],
        p_attributes[i], p_traces[i], p_groups[i], p_dedups[i],
        coalesce(p_senders[i], p_senders[1])
    FROM generate_series(1, n) i;
    IF v_bare THEN
        IF h.bare = 0 THEN
            h.bare_seq := v_first;
        END IF;
        h.bare := h.bare + n;
        RETURN h;
    END IF;
    IF h.fresh + h.returned + h.in_flight + h.delayed = 0 THEN
        h.first_seq := v_first;
    END IF;
    INSERT INTO @s@.live (storage, seq, sent_ms, until_ms, bytes, part, state, grp)
    SELECT h.storage, v_first + i - 1, h.now_ms, h.now_ms + nullif(p_delays[i], 0),
        octet_length(p_bodies[i]), h.part, CASE WHEN p_delays[i] > 0 THEN 0 ELSE 2 END,
        CASE WHEN h.fair THEN coalesce(p_groups[i], '') ELSE p_groups[i] END
    FROM generate_series(1, n) i;
    IF p_delays IS NOT NULL THEN
        SELECT count(*), min(d) INTO v_delayed, v_delay FROM unnest(p_delays) d WHERE d > 0;
        h.due_ms := least(h.due_ms, h.now_ms + v_delay);
        h.delayed := h.delayed + v_delayed;
    END IF;
    h.fresh := h.fresh + n - v_delayed;
    IF h.fifo THEN
        FOR v_grp IN SELECT g FROM unnest(p_groups) WITH ORDINALITY u (g, n)
            GROUP BY g ORDER BY min(u.n)
        LOOP
            h := @s@.refresh(h, v_grp);
        END LOOP;
    ELSIF h.fair THEN
        PERFORM @s@.note_tenants(h, v_first);
    END IF;
    RETURN h;
END
$$;
