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
    v_look text;
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
    v_look := 'SELECT count(*) FILTER (WHERE ' || @s@.is_there() || '), count(*)
        FROM @s@.messages_%s m %s';
    EXECUTE format(v_look, v_part, 'TABLESAMPLE SYSTEM (2)') INTO v_left, v_all;
    IF v_left * 4 <= v_all THEN
        EXECUTE format(v_look, v_part, '') INTO v_left, v_all;
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

-- The condition that a message m is in its queue still, and in this part.
CREATE FUNCTION @s@.is_there() RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '(EXISTS (SELECT FROM @s@.live l
            WHERE l.storage = m.storage AND l.seq = m.seq AND l.part = m.part)
        OR m.bare AND m.seq >= (SELECT h.bare_seq FROM @s@.heads h
            WHERE h.storage = m.storage ORDER BY h.tick DESC LIMIT 1))'
$$;

-- Moves messages of a part to the present one; true if there were some. Those of purged queues
-- are swept instead.
CREATE FUNCTION @s@.carry_on(p_part smallint, p_limit integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_current smallint := (SELECT current FROM @s@.part_now);
    v_storage bigint;
    v_uid bigint;
    v_bare_seq bigint;
BEGIN
    EXECUTE format('SELECT m.storage FROM @s@.messages_%s m WHERE ' || @s@.is_there() || '
        AND EXISTS (SELECT FROM @s@.heads h WHERE h.storage = m.storage) LIMIT 1', p_part)
    INTO v_storage;
    SELECT h.uid INTO v_uid FROM @s@.heads h WHERE h.storage = v_storage LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM @s@.lock_queue(v_uid);
    SELECT h.bare_seq INTO v_bare_seq FROM @s@.heads h
        WHERE h.uid = v_uid AND h.storage = v_storage ORDER BY h.tick DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN true;
    END IF;
    WITH gone AS (
        DELETE FROM @s@.messages m WHERE m.part = p_part AND m.storage = v_storage
            AND m.seq = ANY (ARRAY(SELECT k.seq FROM @s@.messages k
                WHERE k.part = p_part AND k.storage = v_storage
                AND (k.bare AND k.seq >= v_bare_seq OR EXISTS (SELECT FROM @s@.live l
                    WHERE l.storage = k.storage AND l.seq = k.seq AND l.part = k.part))
                ORDER BY k.seq LIMIT p_limit))
        RETURNING *
    ), dressed AS (
        UPDATE @s@.live l SET part = v_current FROM gone g
        WHERE l.storage = g.storage AND l.seq = g.seq)
    INSERT INTO @s@.messages (part, storage, seq, bare, sent_ms, id, body, attributes, trace, grp,
        dedup, sender, source)
    SELECT v_current, g.storage, g.seq, g.bare, g.sent_ms, g.id, g.body, g.attributes, g.trace,
        g.grp, g.dedup, g.sender, g.source
    FROM gone g;
    RETURN true;
END
$$;
