-- Sending: deduplication and storing. What is admitted was decided by the caller, under the
-- version of the attributes that it names.

-- p_retry is null, or a sequence number below which no earlier try of this send can have stored
-- anything: messages of these ids that are there already are not stored again.
CREATE FUNCTION @s@.put(
    p_uid bigint, p_version bigint, p_step integer, p_me bigint, p_lazy boolean,
    p_by_group boolean, p_retry bigint, p_ids uuid[], p_bodies bytea[], p_attributes text[],
    p_traces text[],
    p_groups text[], p_dedups text[], p_delays bigint[], p_senders text[],
    OUT code integer, OUT next_seq bigint, OUT seqs bigint[], OUT ids uuid[], OUT dups boolean[])
LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads;
    x record;
BEGIN
    h := @s@.enter(p_uid, p_version, p_step);
    code := h.code;
    IF h.code <> 0 THEN
        PERFORM @s@.save(h);
        RETURN;
    END IF;
    IF NOT p_lazy AND current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    next_seq := h.next_seq;
    SELECT * INTO x FROM @s@.accept(h, p_by_group, p_retry, p_ids, p_bodies, p_attributes,
        p_traces, p_groups, p_dedups, p_delays, p_senders);
    h := x.h;
    seqs := x.seqs;
    ids := x.ids;
    dups := x.dups;
    IF h.next_seq > next_seq THEN
        h := @s@.wake(h, p_me);
    END IF;
    PERFORM @s@.save(h);
END
$$;

-- Gives messages their sequence numbers and stores those that are not there. The three lists are
-- null where each message got the next number.
CREATE FUNCTION @s@.accept(INOUT h @s@.heads, p_by_group boolean, p_retry bigint, p_ids uuid[],
    p_bodies bytea[], p_attributes text[], p_traces text[], p_groups text[], p_dedups text[],
    p_delays bigint[], p_senders text[], OUT seqs bigint[], OUT ids uuid[], OUT dups boolean[])
LANGUAGE plpgsql AS $$
DECLARE
    v_keep boolean[];
    v_first bigint := h.next_seq;
    v_id uuid;
    v_seq bigint;
    v_end bigint;
    n integer := cardinality(p_ids);
BEGIN
    IF NOT h.fifo AND p_retry IS NULL THEN
        h.next_seq := h.next_seq + n;
    ELSE
        FOR i IN 1..n LOOP
            v_id := NULL;
            IF h.fifo THEN
                SELECT d.id, d.seq, d.end_ms INTO v_id, v_seq, v_end FROM @s@.dedup d
                    WHERE d.storage = h.storage AND d.dedup = p_dedups[i]
                    AND d.scope = CASE WHEN p_by_group THEN p_groups[i] ELSE '' END;
                IF v_id IS NOT NULL AND v_end <= h.now_ms THEN
                    v_id := NULL;
                END IF;
            END IF;
            IF v_id IS NULL AND p_retry IS NOT NULL THEN
                SELECT m.id, m.seq INTO v_id, v_seq FROM @s@.messages m
                    WHERE m.storage = h.storage AND m.seq >= p_retry AND m.id = p_ids[i] LIMIT 1;
            END IF;
            v_keep[i] := v_id IS NULL;
            IF v_id IS NULL THEN
                v_id := p_ids[i];
                v_seq := h.next_seq;
                h.next_seq := h.next_seq + 1;
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
            dups[i] := NOT v_keep[i] AND v_id <> p_ids[i];
        END LOOP;
    END IF;
    IF h.next_seq = v_first THEN
        RETURN;
    END IF;
    h.dirty := true;
    IF h.fresh + h.returned + h.in_flight + h.delayed = 0 THEN
        h.first_seq := v_first;
        h.oldest_ms := h.now_ms;
    END IF;
    h := @s@.store(h, v_first, v_keep, seqs, p_ids, p_bodies, p_attributes, p_traces, p_groups,
        p_dedups, p_delays, p_senders);
END
$$;

CREATE FUNCTION @s@.store(h @s@.heads, p_first bigint, p_keep boolean[], p_seqs bigint[],
    p_ids uuid[], p_bodies bytea[], p_attributes text[], p_traces text[], p_groups text[],
    p_dedups text[], p_delays bigint[], p_senders text[]) RETURNS @s@.heads
LANGUAGE plpgsql AS $$
DECLARE
    v_part smallint := @s@.part();
    v_delayed bigint;
    v_due bigint;
    v_grp text;
    v_stored bigint := h.next_seq - p_first;
BEGIN
    h.fair := NOT h.fifo AND (h.fair OR EXISTS (SELECT FROM unnest(p_groups) g WHERE g <> ''));
    INSERT INTO @s@.messages (part, storage, seq, sent_ms, id, body, attributes, trace, grp, dedup,
        sender)
    SELECT v_part, h.storage, coalesce(p_seqs[u.n], p_first + u.n - 1), h.now_ms, u.id, u.body,
        u.attributes, u.trace, u.grp, u.dedup, u.sender
    FROM unnest(p_ids, p_bodies, p_attributes, p_traces, p_groups, p_dedups, p_senders)
        WITH ORDINALITY u (id, body, attributes, trace, grp, dedup, sender, n)
    WHERE p_keep IS NULL OR p_keep[u.n];
    WITH stored AS (
        INSERT INTO @s@.live (storage, seq, sent_ms, until_ms, bytes, part, state, grp)
        SELECT h.storage, coalesce(p_seqs[u.n], p_first + u.n - 1), h.now_ms,
            h.now_ms + nullif(u.delay, 0), octet_length(u.body), v_part,
            CASE WHEN u.delay > 0 THEN 0 ELSE 2 END,
            CASE WHEN h.fair THEN coalesce(u.grp, '') ELSE u.grp END
        FROM unnest(p_bodies, p_groups, p_delays) WITH ORDINALITY u (body, grp, delay, n)
        WHERE p_keep IS NULL OR p_keep[u.n]
        RETURNING state, until_ms)
    SELECT count(*) FILTER (WHERE state = 0), min(until_ms) INTO v_delayed, v_due FROM stored;
    h.delayed := h.delayed + v_delayed;
    h.fresh := h.fresh + v_stored - v_delayed;
    h.due_ms := least(h.due_ms, v_due);
    IF h.fifo THEN
        FOR v_grp IN SELECT u.grp FROM unnest(p_groups) WITH ORDINALITY u (grp, n)
            WHERE p_keep IS NULL OR p_keep[u.n] GROUP BY u.grp ORDER BY min(u.n)
        LOOP
            h := @s@.refresh(h, v_grp);
        END LOOP;
    ELSIF h.fair THEN
        PERFORM @s@.note_tenants(h, p_first);
    END IF;
    RETURN h;
END
$$;
