-- Sending and deleting inside of the caller's own transaction: nothing is locked until it ends, and
-- the message is there, or gone, when the caller's changes are. A command of the queue that looks
-- next carries it out, so that no reader can have passed a message.

-- Takes in what was sent and deleted so, in the order of the calls.
CREATE FUNCTION @s@.take_in(h @s@.heads, p_step integer) RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_by_group boolean;
    b record;
    x record;
BEGIN
    WITH taken AS (
        DELETE FROM @s@.inbox i WHERE i.ctid = ANY (ARRAY(
            SELECT k.ctid FROM @s@.inbox k
            WHERE k.uid = h.uid AND k.xid >= @s@.known_xid(h.joined_xid)
            ORDER BY k.n LIMIT p_step))
        RETURNING *)
    SELECT count(*) AS n, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid,
        array_agg(t.gone_seq ORDER BY t.n) FILTER (WHERE t.gone_seq IS NOT NULL) AS gone,
        array_agg(t.id ORDER BY t.n) FILTER (WHERE t.gone_seq IS NULL) AS ids,
        array_agg(t.body ORDER BY t.n) FILTER (WHERE t.gone_seq IS NULL) AS bodies,
        array_agg(t.attributes ORDER BY t.n) FILTER (WHERE t.gone_seq IS NULL) AS attributes,
        array_agg(t.trace ORDER BY t.n) FILTER (WHERE t.gone_seq IS NULL) AS traces,
        array_agg(t.grp ORDER BY t.n) FILTER (WHERE t.gone_seq IS NULL) AS groups,
        array_agg(t.dedup ORDER BY t.n) FILTER (WHERE t.gone_seq IS NULL) AS dedups,
        array_agg(t.sender ORDER BY t.n) FILTER (WHERE t.gone_seq IS NULL) AS senders,
        array_agg(coalesce(t.delay_ms, h.delay_ms) ORDER BY t.n)
            FILTER (WHERE t.gone_seq IS NULL) AS delays
    INTO b FROM taken t;
    IF b.n = 0 THEN
        RETURN h;
    END IF;
    h.dirty := true;
    IF b.gone IS NOT NULL THEN
        h := @s@.remove(h, b.gone);
    END IF;
    IF b.ids IS NOT NULL THEN
        v_by_group := (SELECT q.attributes::json ->> 'DeduplicationScope' = 'messageGroup'
            FROM @s@.queues q WHERE q.uid = h.uid);
        SELECT * INTO x FROM @s@.accept(h, coalesce(v_by_group, false), NULL, b.ids, b.bodies,
            b.attributes, b.traces, b.groups, b.dedups, b.delays, b.senders);
        h := x.h;
        h.firm := true;
    END IF;
    -- More may be there: the command comes again.
    IF b.n >= p_step AND EXISTS (SELECT FROM @s@.inbox i
        WHERE i.uid = h.uid AND i.xid >= @s@.known_xid(h.joined_xid))
    THEN
        h.code := 2;
    ELSE
        -- All transactions below had ended, and what they sent was seen.
        h.joined_xid := b.xid;
    END IF;
    RETURN h;
END
$$;

-- The id of the present transaction, under which a look at the inbox finds what it put there: in a
-- database that was restored the head may name a later one.
CREATE FUNCTION @s@.own_xid(p_uid bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT greatest(pg_current_xact_id()::text::bigint, (SELECT h.joined_xid FROM @s@.heads h
        WHERE h.uid = p_uid ORDER BY h.tick DESC LIMIT 1))
$$;

-- A message that is there when the present transaction commits. It was admitted by the caller; a
-- null delay is the queue's.
CREATE FUNCTION @s@.enlist(p_uid bigint, p_id uuid, p_body bytea, p_attributes text, p_trace text,
    p_grp text, p_dedup text, p_delay_ms bigint, p_sender text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO @s@.inbox (uid, xid, id, body, attributes, trace, grp, dedup, delay_ms, sender)
    VALUES (p_uid, @s@.own_xid(p_uid), p_id, p_body, p_attributes, p_trace, p_grp, p_dedup,
        p_delay_ms, p_sender);
    -- Who waits cannot be known here: a receiver may begin to before this commits.
    PERFORM pg_notify('@channel@', p_uid::text);
END
$$;

-- A message that is gone when the present transaction commits. False, and nothing is done, if the
-- receipt expired (S2.21). One that is not seen may have come after the caller's snapshot.
CREATE FUNCTION @s@.enlist_delete(p_uid bigint, p_seq bigint, p_receive bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    q @s@.queues;
    l @s@.live;
BEGIN
    SELECT * INTO q FROM @s@.queues k WHERE k.uid = p_uid;
    SELECT * INTO l FROM @s@.live k WHERE k.storage = q.storage AND k.seq = p_seq;
    IF FOUND AND q.fifo
        AND NOT (l.state = 3 AND l.receives = p_receive AND l.until_ms > @s@.now_ms())
    THEN
        RETURN false;
    END IF;
    INSERT INTO @s@.inbox (uid, xid, gone_seq) VALUES (p_uid, @s@.own_xid(p_uid), p_seq);
    IF q.fifo THEN
        -- Somebody may wait for the next one of the group.
        PERFORM pg_notify('@channel@', p_uid::text);
    END IF;
    RETURN true;
END
$$;

-- Sends a message within the present transaction; answers with its id. p_attributes is an object
-- of names and texts, p_delay seconds. What SQS refuses is an error here too.
CREATE FUNCTION @s@.send(p_queue text, p_body bytea, p_group text DEFAULT NULL,
    p_deduplication text DEFAULT NULL, p_delay integer DEFAULT NULL,
    p_attributes json DEFAULT NULL, p_account text DEFAULT '000000000000',
    p_region text DEFAULT 'us-east-1') RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    q @s@.queues;
    v_set json;
    v_bytes bigint := octet_length(p_body);
    v_attributes text;
    v_id uuid := gen_random_uuid();
BEGIN
    SELECT * INTO q FROM @s@.queues k
        WHERE k.account = p_account AND k.region = p_region AND k.name = p_queue;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The specified queue does not exist: %', p_queue USING ERRCODE = 'P0002';
    END IF;
    v_set := q.attributes::json;
    IF p_attributes IS NOT NULL THEN
        SELECT json_agg(json_build_array(a.key, 'String', a.value))::text,
            v_bytes + sum(octet_length(a.key) + 6 + octet_length(a.value))
        INTO v_attributes, v_bytes FROM json_each_text(p_attributes) a;
        v_bytes := coalesce(v_bytes, octet_length(p_body));
        PERFORM @s@.check_attributes(p_attributes);
    END IF;
    IF p_body IS NULL OR octet_length(p_body) = 0 THEN
        RAISE EXCEPTION 'A body is at least one byte' USING ERRCODE = '22023';
    ELSIF v_bytes > coalesce((v_set ->> 'MaximumMessageSize')::bigint, 1048576) THEN
        RAISE EXCEPTION 'Message must be shorter than % bytes',
            coalesce((v_set ->> 'MaximumMessageSize')::bigint, 1048576) USING ERRCODE = '22023';
    ELSIF p_delay NOT BETWEEN 0 AND 900 OR q.fifo AND p_delay > 0 THEN
        RAISE EXCEPTION 'Delay % is not 0 to 900 s, or 0 on a FIFO queue', p_delay
            USING ERRCODE = '22023';
    ELSIF q.fifo AND p_group IS NULL THEN
        RAISE EXCEPTION 'A message of a FIFO queue needs a group' USING ERRCODE = '22023';
    ELSIF NOT q.fifo AND p_deduplication IS NOT NULL THEN
        RAISE EXCEPTION 'Only FIFO queues deduplicate' USING ERRCODE = '22023';
    ELSIF (p_group || coalesce(p_deduplication, '')) !~ '^[!-~]*$'
        OR length(p_group) NOT BETWEEN 1 AND 128 OR length(p_deduplication) NOT BETWEEN 1 AND 128
    THEN
        RAISE EXCEPTION 'A group or deduplication id is 1 to 128 letters, digits and punctuation'
            USING ERRCODE = '22023';
    ELSIF q.fifo AND p_deduplication IS NULL THEN
        IF coalesce(v_set ->> 'ContentBasedDeduplication', 'false') <> 'true' THEN
            RAISE EXCEPTION 'A deduplication id is needed, or ContentBasedDeduplication'
                USING ERRCODE = '22023';
        END IF;
        p_deduplication := encode(sha256(p_body), 'hex');
    END IF;
    PERFORM @s@.enlist(q.uid, v_id, p_body, v_attributes, NULL, p_group, p_deduplication,
        CASE WHEN NOT q.fifo THEN p_delay * 1000 END, p_account);
    RETURN v_id;
END
$$;

-- The same with a text.
CREATE FUNCTION @s@.send(p_queue text, p_body text, p_group text DEFAULT NULL,
    p_deduplication text DEFAULT NULL, p_delay integer DEFAULT NULL,
    p_attributes json DEFAULT NULL, p_account text DEFAULT '000000000000',
    p_region text DEFAULT 'us-east-1') RETURNS uuid LANGUAGE sql AS $$
    SELECT @s@.send(p_queue, convert_to(p_body, 'UTF8'), p_group, p_deduplication, p_delay,
        p_attributes, p_account, p_region)
$$;

-- S5.9 to S5.14, for attributes of type String.
CREATE FUNCTION @s@.check_attributes(p_attributes json) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad text;
BEGIN
    IF (SELECT count(*) FROM json_each_text(p_attributes)) > 10 THEN
        RAISE EXCEPTION 'A message has at most 10 attributes' USING ERRCODE = '22023';
    END IF;
    SELECT a.key INTO v_bad FROM json_each_text(p_attributes) a
        WHERE a.key !~ '^[A-Za-z0-9_.-]+$' OR length(a.key) > 256 OR lower(a.key) LIKE 'aws.%'
        OR lower(a.key) LIKE 'amazon.%' OR a.key LIKE '.%' OR a.key LIKE '%.'
        OR coalesce(a.value, '') = '' OR a.value ~ '[\u0001-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]'
        LIMIT 1;
    IF v_bad IS NOT NULL THEN
        RAISE EXCEPTION 'Attribute % is not a name and a text that SQS takes', v_bad
            USING ERRCODE = '22023';
    END IF;
    IF (SELECT count(DISTINCT key) <> count(*) FROM json_each_text(p_attributes)) THEN
        RAISE EXCEPTION 'An attribute stands twice' USING ERRCODE = '22023';
    END IF;
END
$$;

-- Deletes a message within the present transaction, by the receipt handle of a receive. Deleting
-- what is gone succeeds (S2.16). A FIFO receipt is looked at now (S2.21); the message goes with the
-- commit, whatever came in between.
CREATE FUNCTION @s@.delete(p_queue text, p_receipt text, p_account text DEFAULT '000000000000',
    p_region text DEFAULT 'us-east-1') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_uid bigint;
    v_bytes bytea;
BEGIN
    SELECT k.uid INTO v_uid FROM @s@.queues k
        WHERE k.account = p_account AND k.region = p_region AND k.name = p_queue;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The specified queue does not exist: %', p_queue USING ERRCODE = 'P0002';
    END IF;
    v_bytes := @s@.receipt_bytes(p_receipt);
    -- Version, queue, sequence number, receive, time of the receive, checksum.
    IF v_bytes IS NULL OR @s@.number_at(v_bytes, 2, 8) <> v_uid THEN
        RAISE EXCEPTION 'The input receipt handle "%" is not a valid receipt handle.', p_receipt
            USING ERRCODE = '22023';
    END IF;
    IF NOT @s@.enlist_delete(v_uid, @s@.number_at(v_bytes, 10, 8), @s@.number_at(v_bytes, 18, 4))
    THEN
        RAISE EXCEPTION 'The receipt handle has expired: %', p_receipt USING ERRCODE = '22023';
    END IF;
END
$$;

-- The bytes of a receipt handle; null for a text that is none (S2.17).
CREATE FUNCTION @s@.receipt_bytes(p_receipt text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_bytes bytea;
    v_crc bigint := 4294967295;
BEGIN
    IF coalesce(p_receipt, '') !~ '^[A-Za-z0-9_-]{44}$' THEN
        RETURN NULL;
    END IF;
    v_bytes := decode(translate(p_receipt, '-_', '+/'), 'base64');
    FOR i IN 0..28 LOOP
        v_crc := v_crc # get_byte(v_bytes, i);
        FOR bit IN 1..8 LOOP
            v_crc := (v_crc >> 1) # CASE WHEN v_crc & 1 = 1 THEN 2197175160 ELSE 0 END;
        END LOOP;
    END LOOP;
    IF get_byte(v_bytes, 0) <> 1 OR @s@.number_at(v_bytes, 30, 4) <> v_crc # 4294967295 THEN
        RETURN NULL;
    END IF;
    RETURN v_bytes;
END
$$;

-- A number of 4 or 8 bytes, the largest first; the first byte of all is at 1.
CREATE FUNCTION @s@.number_at(p_bytes bytea, p_at integer, p_count integer) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || lpad(encode(substring(p_bytes FROM p_at FOR p_count), 'hex'), 16, '0'))
        ::bit(64)::bigint
$$;
