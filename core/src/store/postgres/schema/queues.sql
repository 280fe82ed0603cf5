-- Changes of queues themselves. The caller holds the lock of all queues.

CREATE FUNCTION @s@.make_queue(p_account text, p_region text, p_name text, p_fifo boolean,
    p_attributes text, p_tags text, p_retention_ms bigint, p_delay_ms bigint,
    p_max_receives integer, p_target_account text, p_target_region text, p_target_name text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := @s@.now_ms();
    v_uid bigint;
    v_storage bigint;
BEGIN
    UPDATE @s@.numbers SET next_uid = next_uid + 1, next_storage = next_storage + 1
        RETURNING next_uid - 1, next_storage - 1 INTO v_uid, v_storage;
    DELETE FROM @s@.deleted
        WHERE account = p_account AND region = p_region AND name = p_name;
    INSERT INTO @s@.queues VALUES (v_uid, p_account, p_region, p_name, 1, v_storage, p_fifo,
        p_attributes, p_tags, v_now, v_now, NULL, p_target_account, p_target_region,
        p_target_name);
    INSERT INTO @s@.heads VALUES (v_uid, 1, 1, v_storage, p_fifo, false, p_retention_ms,
        p_delay_ms, p_max_receives, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 9223372036854775807, 0, v_now,
        v_now, 0, 0, 0, 0, false, false, false, 0);
END
$$;

-- Removes a queue; what it held is swept later.
CREATE FUNCTION @s@.drop_queue(p_uid bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    q @s@.queues;
BEGIN
    PERFORM @s@.lock_queue(p_uid);
    DELETE FROM @s@.queues WHERE uid = p_uid RETURNING * INTO q;
    DELETE FROM @s@.heads WHERE uid = p_uid;
    DELETE FROM @s@.inbox WHERE uid = p_uid;
    INSERT INTO @s@.trash VALUES (q.storage);
    INSERT INTO @s@.deleted AS d VALUES (q.account, q.region, q.name, @s@.now_ms())
        ON CONFLICT (account, region, name) DO UPDATE SET at_ms = excluded.at_ms;
    PERFORM pg_notify('@channel@', p_uid::text);
END
$$;

-- S12.4. What is due was done by the attributes before.
CREATE FUNCTION @s@.amend(p_uid bigint, p_attributes text, p_retention_ms bigint,
    p_delay_ms bigint, p_max_receives integer, p_target_account text, p_target_region text,
    p_target_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads := @s@.load(p_uid, NULL);
BEGIN
    h.version := h.version + 1;
    h.retention_ms := p_retention_ms;
    h.max_receives := p_max_receives;
    -- S3.3: on FIFO queues the new delay is that of the messages that wait, too.
    IF h.fifo AND h.delay_ms <> p_delay_ms THEN
        UPDATE @s@.live SET until_ms = sent_ms + p_delay_ms
            WHERE storage = h.storage AND state = 0;
        h.due_ms := 0;
        h.due_done_ms := 0;
    END IF;
    h.delay_ms := p_delay_ms;
    h.dirty := true;
    h.armed := 0;
    PERFORM @s@.save(h);
    UPDATE @s@.queues SET version = h.version, attributes = p_attributes,
        modified_ms = h.now_ms, target_account = p_target_account,
        target_region = p_target_region, target_name = p_target_name
    WHERE uid = p_uid;
    PERFORM pg_notify('@channel@', p_uid::text);
END
$$;

CREATE FUNCTION @s@.retag(p_uid bigint, p_tags text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads := @s@.load(p_uid, NULL);
BEGIN
    h.version := h.version + 1;
    h.dirty := true;
    PERFORM @s@.save(h);
    UPDATE @s@.queues SET version = h.version, tags = p_tags WHERE uid = p_uid;
END
$$;

-- D10: messages and every memory of them; the uid and the sequence go on.
CREATE FUNCTION @s@.purge(p_uid bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    h @s@.heads := @s@.load(p_uid, NULL);
BEGIN
    DELETE FROM @s@.inbox WHERE uid = p_uid;
    INSERT INTO @s@.trash VALUES (h.storage);
    UPDATE @s@.numbers SET next_storage = next_storage + 1
        RETURNING next_storage - 1 INTO h.storage;
    h.version := h.version + 1;
    h.fair := false;
    h.first_seq := h.next_seq;
    h.fresh_seq := h.next_seq;
    h.bare_seq := h.next_seq;
    h.first_turn := 1;
    h.next_turn := 1;
    h.returned := 0;
    h.fresh := 0;
    h.bare := 0;
    h.in_flight := 0;
    h.delayed := 0;
    h.due_ms := 9223372036854775807;
    h.oldest_ms := h.now_ms;
    h.armed := 0;
    h.dirty := true;
    PERFORM @s@.save(h);
    UPDATE @s@.queues SET version = h.version, storage = h.storage, purged_ms = h.now_ms
        WHERE uid = p_uid;
    PERFORM pg_notify('@channel@', p_uid::text);
END
$$;

-- What a move task may move next, with the ARN each message came from.
CREATE FUNCTION @s@.offer(p_uid bigint, p_step integer, p_limit bigint)
RETURNS TABLE (seq bigint, source text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    h @s@.heads := @s@.enter_fully(p_uid, p_step);
BEGIN
    PERFORM @s@.save(h);
    -- What is bare came from nowhere.
    RETURN QUERY SELECT c.c_seq, m.source
        FROM @s@.candidates(h, p_limit) WITH ORDINALITY
            c (c_seq, c_grp, c_bytes, c_receives, c_state, n)
        LEFT JOIN @s@.live l ON l.storage = h.storage AND l.seq = c.c_seq
        LEFT JOIN LATERAL (SELECT k.source FROM @s@.messages k
            WHERE k.part = l.part AND k.storage = l.storage AND k.seq = l.seq OFFSET 0) m ON true
        ORDER BY c.n;
END
$$;
