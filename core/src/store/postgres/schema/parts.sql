-- Parts of the messages: new ones go to one part; a part whose messages are all gone is emptied at
-- once. No message is ever deleted by itself.

-- One step of the keeper. New messages go to an empty part when the present one has p_bytes. A part
-- that rested for p_rest_ms is looked at once in p_look_ms: with no message left it is emptied, with
-- few left these go to the present part, p_limit looked at in a step. Where no part is empty, the
-- smallest is cleared so, whatever it has, once twice as much was stored since: messages that stay
-- for long come together, and the others have parts to pass through.
-- p_rest_ms is longer than a send of unknown outcome is tried again.
CREATE FUNCTION @s@.turn_parts(p_bytes bigint, p_rest_ms bigint, p_look_ms bigint,
    p_limit integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := @s@.now_ms();
    v_current smallint := (SELECT current FROM @s@.part_now);
    v_size bigint := @s@.part_size(v_current);
    v_next smallint;
    v_part smallint;
    v_left bigint;
    v_all bigint;
    v_look text := 'SELECT count(*) FILTER (WHERE %s), count(*) FROM @s@.messages_%s m %s';
BEGIN
    IF v_size >= p_bytes THEN
        SELECT p.part INTO v_next FROM @s@.parts p
            WHERE p.part <> v_current AND @s@.is_part_empty(p.part)
            ORDER BY (p.part - v_current + 8) % 8 LIMIT 1;
        IF FOUND THEN
            -- Every transition has this lock and looks then: with the commit, all that chose the
            -- present part have ended.
            PERFORM pg_advisory_xact_lock(@class@, -4);
            UPDATE @s@.part_now SET current = v_next;
            UPDATE @s@.parts SET left_ms = v_now, looked_ms = 0 WHERE part = v_current;
            RETURN 'next';
        END IF;
    END IF;
    SELECT p.part INTO v_part FROM @s@.parts p
        WHERE p.moved_storage IS NOT NULL ORDER BY p.left_ms LIMIT 1;
    IF FOUND THEN
        RETURN @s@.clear_part(v_part, p_limit);
    END IF;
    SELECT p.part INTO v_part FROM @s@.parts p
        WHERE p.part <> v_current AND p.left_ms <= v_now - p_rest_ms
        AND p.looked_ms <= v_now - p_look_ms AND NOT @s@.is_part_empty(p.part)
        ORDER BY p.looked_ms, p.left_ms LIMIT 1;
    IF FOUND THEN
        EXECUTE format(v_look, @s@.is_there(), v_part, 'TABLESAMPLE SYSTEM (2)')
            INTO v_left, v_all;
        -- Too few to tell by: then all of it is little.
        IF v_all < 1000 THEN
            EXECUTE format(v_look, @s@.is_there(), v_part, '') INTO v_left, v_all;
        END IF;
        IF v_left = 0 AND @s@.is_part_over(v_part) THEN
            RETURN @s@.empty_part(v_part);
        END IF;
        UPDATE @s@.parts SET looked_ms = v_now WHERE part = v_part;
        IF v_left * 4 > v_all THEN
            RETURN 'looked';
        END IF;
        RETURN @s@.clear_part(v_part, p_limit);
    END IF;
    IF v_size >= p_bytes THEN
        SELECT p.part INTO v_part FROM @s@.parts p
            WHERE p.part <> v_current AND p.left_ms <= v_now - p_rest_ms
            AND @s@.part_size(p.part) * 2 <= v_size
            ORDER BY @s@.part_size(p.part) LIMIT 1;
        IF FOUND THEN
            RETURN @s@.clear_part(v_part, p_limit);
        END IF;
    END IF;
    RETURN 'nothing';
END
$$;

CREATE FUNCTION @s@.is_part_empty(p_part smallint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_relation_size(format('@s@.messages_%s', p_part)::regclass) = 0;
END
$$;

CREATE FUNCTION @s@.part_size(p_part smallint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_table_size(format('@s@.messages_%s', p_part)::regclass);
END
$$;

-- The condition that a message m is in its queue still, and in this part.
CREATE FUNCTION @s@.is_there() RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '(EXISTS (SELECT FROM @s@.live l
            WHERE l.storage = m.storage AND l.seq = m.seq AND l.part = m.part)
        OR m.bare AND m.seq >= (SELECT h.bare_seq FROM @s@.heads h
            WHERE h.storage = m.storage ORDER BY h.tick DESC LIMIT 1))'
$$;

-- The lowest storage from this one on that has messages in a part.
CREATE FUNCTION @s@.storage_from(p_part smallint, p_storage bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_storage bigint;
BEGIN
    EXECUTE format('SELECT m.storage FROM @s@.messages_%s m WHERE m.storage >= $1
        ORDER BY m.storage LIMIT 1', p_part) INTO v_storage USING p_storage;
    RETURN v_storage;
END
$$;

-- True if no message of a part is in its queue still: then none ever is again, as new ones go
-- elsewhere. What is left of the queues is looked at, not what is gone.
CREATE FUNCTION @s@.is_part_over(p_part smallint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_storage bigint := @s@.storage_from(p_part, 0);
    v_bare_seq bigint;
    v_is_left boolean;
BEGIN
    WHILE v_storage IS NOT NULL LOOP
        SELECT h.bare_seq INTO v_bare_seq FROM @s@.heads h
            WHERE h.storage = v_storage ORDER BY h.tick DESC LIMIT 1;
        IF FOUND THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM @s@.live l
                    WHERE l.storage = $1 AND l.part = $2
                    AND l.seq >= (SELECT min(m.seq) FROM @s@.messages_%1$s m WHERE m.storage = $1)
                    AND l.seq <= (SELECT max(m.seq) FROM @s@.messages_%1$s m WHERE m.storage = $1))
                OR EXISTS (SELECT FROM @s@.messages_%1$s m
                    WHERE m.storage = $1 AND m.seq >= $3 AND m.bare)', p_part)
            INTO v_is_left USING v_storage, p_part, v_bare_seq;
            IF v_is_left THEN
                RETURN false;
            END IF;
        END IF;
        v_storage := @s@.storage_from(p_part, v_storage + 1);
    END LOOP;
    RETURN true;
END
$$;

-- A reader of the part, such as pg_dump, is not waited for: the next look tries again.
CREATE FUNCTION @s@.empty_part(p_part smallint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE @s@.parts SET looked_ms = @s@.now_ms(), moved_storage = NULL, moved_seq = NULL
        WHERE part = p_part;
    BEGIN
        EXECUTE format('TRUNCATE @s@.messages_%s', p_part);
    EXCEPTION WHEN lock_not_available THEN
        RETURN 'read';
    END;
    RETURN 'emptied';
END
$$;

-- Moves messages of a part that are in their queue still to the present one: the first p_limit
-- after those that moved before. When no more are there it empties the part. Messages of deleted
-- queues and of purges go with it.
CREATE FUNCTION @s@.clear_part(p_part smallint, p_limit integer) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_current smallint := (SELECT current FROM @s@.part_now);
    v_moved bigint;
    v_after bigint;
    v_storage bigint;
    v_uid bigint;
    v_bare_seq bigint;
    v_last bigint;
    v_seqs bigint[];
BEGIN
    SELECT coalesce(p.moved_storage, 0), coalesce(p.moved_seq, 0) INTO v_moved, v_after
        FROM @s@.parts p WHERE p.part = p_part;
    v_storage := @s@.storage_from(p_part, v_moved);
    IF v_storage IS NULL THEN
        RETURN @s@.empty_part(p_part);
    ELSIF v_storage <> v_moved THEN
        v_after := 0;
    END IF;
    SELECT h.uid INTO v_uid FROM @s@.heads h WHERE h.storage = v_storage LIMIT 1;
    IF FOUND THEN
        -- What is gone stays so: it is passed without the queue's lock.
        EXECUTE format('SELECT max(k.seq), array_agg(k.seq ORDER BY k.seq) FILTER (WHERE k.is_there)
            FROM (SELECT m.seq, %s AS is_there FROM @s@.messages_%s m
                WHERE m.storage = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3) k',
            @s@.is_there(), p_part)
        INTO v_last, v_seqs USING v_storage, v_after, p_limit * 5;
    END IF;
    -- All of this queue moved, or it is gone.
    IF v_last IS NULL THEN
        UPDATE @s@.parts SET moved_storage = v_storage + 1, moved_seq = 0 WHERE part = p_part;
        RETURN 'carried';
    END IF;
    IF cardinality(v_seqs) > p_limit THEN
        v_seqs := v_seqs[:p_limit];
        v_last := v_seqs[p_limit];
    END IF;
    UPDATE @s@.parts SET moved_storage = v_storage, moved_seq = v_last WHERE part = p_part;
    IF v_seqs IS NULL THEN
        RETURN 'carried';
    END IF;
    PERFORM @s@.lock_queue(v_uid);
    SELECT h.bare_seq INTO v_bare_seq FROM @s@.heads h
        WHERE h.uid = v_uid AND h.storage = v_storage ORDER BY h.tick DESC LIMIT 1;
    WITH gone AS (
        DELETE FROM @s@.messages m WHERE m.part = p_part AND m.storage = v_storage
            -- They are in order: no plan reads more than what lies between.
            AND m.seq >= v_seqs[1] AND m.seq <= v_seqs[cardinality(v_seqs)] AND m.seq = ANY (v_seqs)
            AND (m.bare AND m.seq >= v_bare_seq OR EXISTS (SELECT FROM @s@.live l
                WHERE l.storage = m.storage AND l.seq = m.seq AND l.part = m.part))
        RETURNING *
    ), dressed AS (
        UPDATE @s@.live l SET part = v_current FROM gone g
        WHERE l.storage = g.storage AND l.seq = g.seq)
    INSERT INTO @s@.messages (part, storage, seq, bare, sent_ms, id, body, attributes, trace, grp,
        dedup, sender, source)
    SELECT v_current, g.storage, g.seq, g.bare, g.sent_ms, g.id, g.body, g.attributes, g.trace,
        g.grp, g.dedup, g.sender, g.source
    FROM gone g;
    RETURN 'carried';
END
$$;
