-- Parts of the messages: new ones go to one part; a part whose messages are all gone is emptied at
-- once. No message is ever deleted by itself.

-- One step of the keeper. New messages go to the next part when it is empty and the present one
-- has p_bytes. A part that rested for p_rest_ms is looked through at most once in p_look_ms: with
-- no message left it is emptied; with few left these go to the present part, p_limit at a time.
-- p_rest_ms is longer than a send of unknown outcome is tried again.
CREATE FUNCTION @s@.turn_parts(p_bytes bigint, p_rest_ms bigint, p_look_ms bigint,
    p_limit integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := @s@.now_ms();
    v_current smallint := (SELECT current FROM @s@.part_now);
    v_next smallint := (v_current + 1) % 8;
    v_part smallint;
    v_left bigint;
    v_all bigint;
BEGIN
    IF pg_table_size(format('@s@.messages_%s', v_current)::regclass) >= p_bytes
        AND @s@.is_part_empty(v_next)
    THEN
        -- Every transition has this lock and looks then: with the commit, all that chose the
        -- present part have ended.
        PERFORM pg_advisory_xact_lock(@class@, -4);
        UPDATE @s@.part_now SET current = v_next;
        UPDATE @s@.parts SET left_ms = v_now, looked_ms = 0 WHERE part = v_current;
        RETURN 'next';
    END IF;
    SELECT p.part INTO v_part FROM @s@.parts p
        WHERE p.part <> v_current AND p.left_ms <= v_now - p_rest_ms
        AND p.looked_ms <= v_now - p_look_ms AND NOT @s@.is_part_empty(p.part)
        ORDER BY p.left_ms LIMIT 1;
    IF v_part IS NULL THEN
        RETURN 'nothing';
    END IF;
    EXECUTE format('SELECT count(l.seq), count(*) FROM @s@.messages_%s m TABLESAMPLE SYSTEM (2)
        LEFT JOIN @s@.live l ON l.storage = m.storage AND l.seq = m.seq AND l.part = m.part',
        v_part) INTO v_left, v_all;
    IF v_left * 4 <= v_all THEN
        EXECUTE format('SELECT count(l.seq), count(*) FROM @s@.messages_%s m
            LEFT JOIN @s@.live l ON l.storage = m.storage AND l.seq = m.seq AND l.part = m.part',
            v_part) INTO v_left, v_all;
    END IF;
    IF v_left = 0 THEN
        EXECUTE format('TRUNCATE @s@.messages_%s', v_part);
        RETURN 'emptied';
    END IF;
    IF v_left * 4 <= v_all AND @s@.carry_on(v_part, p_limit) THEN
        RETURN 'carried';
    END IF;
    UPDATE @s@.parts SET looked_ms = v_now WHERE part = v_part;
    RETURN 'looked';
END
$$;

CREATE FUNCTION @s@.is_part_empty(p_part smallint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_relation_size(format('@s@.messages_%s', p_part)::regclass) = 0;
END
$$;

-- Moves messages of a part to the present one; true if there were some. Those of purged queues
-- are swept instead.
CREATE FUNCTION @s@.carry_on(p_part smallint, p_limit integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_current smallint := (SELECT current FROM @s@.part_now);
    v_seqs bigint[];
    q record;
BEGIN
    FOR q IN EXECUTE format('SELECT q.uid, q.storage FROM @s@.queues q WHERE EXISTS (
        SELECT FROM @s@.messages_%s m JOIN @s@.live l
            ON l.storage = m.storage AND l.seq = m.seq AND l.part = m.part
        WHERE m.storage = q.storage) ORDER BY q.uid LIMIT 1', p_part)
    LOOP
        PERFORM @s@.lock_queue(q.uid);
        EXECUTE format('SELECT array_agg(x.seq) FROM (SELECT m.seq FROM @s@.messages_%s m
            JOIN @s@.live l ON l.storage = m.storage AND l.seq = m.seq AND l.part = m.part
            WHERE m.storage = $1 LIMIT $2) x', p_part) INTO v_seqs USING q.storage, p_limit;
        IF v_seqs IS NULL THEN
            RETURN true;
        END IF;
        INSERT INTO @s@.messages (part, storage, seq, sent_ms, id, body, attributes, trace, grp,
            dedup, sender, source)
        SELECT v_current, m.storage, m.seq, m.sent_ms, m.id, m.body, m.attributes, m.trace, m.grp,
            m.dedup, m.sender, m.source
        FROM @s@.messages m
        WHERE m.part = p_part AND m.storage = q.storage AND m.seq = ANY (v_seqs);
        UPDATE @s@.live SET part = v_current WHERE storage = q.storage AND seq = ANY (v_seqs);
        RETURN true;
    END LOOP;
    RETURN false;
END
$$;
