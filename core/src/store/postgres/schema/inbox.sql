-- Sending inside of the caller's own transaction: nothing is locked until it ends, and the message
-- is there when the caller's changes are. It gets its place in the queue when a command of the
-- queue next looks, so that no reader can have passed it.

-- Takes in what was sent so, in the order sent.
CREATE FUNCTION @s@.take_in(h @s@.heads, p_step integer) RETURNS @s@.heads LANGUAGE plpgsql AS $$
DECLARE
    v_by_group boolean;
    b record;
    x record;
BEGIN
    WITH taken AS (
        DELETE FROM @s@.inbox i WHERE i.uid = h.uid AND i.n = ANY (ARRAY(
            SELECT k.n FROM @s@.inbox k WHERE k.uid = h.uid ORDER BY k.n LIMIT p_step))
        RETURNING *)
    SELECT array_agg(t.id ORDER BY n) AS ids, array_agg(t.body ORDER BY n) AS bodies,
        array_agg(t.attributes ORDER BY n) AS attributes, array_agg(t.grp ORDER BY n) AS groups,
        array_agg(t.dedup ORDER BY n) AS dedups, array_agg(t.sender ORDER BY n) AS senders,
        array_agg(coalesce(t.delay_ms, h.delay_ms) ORDER BY n) AS delays,
        array_agg(NULL::text) AS traces
    INTO b FROM taken t;
    IF b.ids IS NULL THEN
        RETURN h;
    END IF;
    v_by_group := (SELECT q.attributes::json ->> 'DeduplicationScope' = 'messageGroup'
        FROM @s@.queues q WHERE q.uid = h.uid);
    SELECT * INTO x FROM @s@.accept(h, coalesce(v_by_group, false), NULL, b.ids, b.bodies,
        b.attributes, b.traces, b.groups, b.dedups, b.delays, b.senders);
    h := x.h;
    h.firm := true;
    h.dirty := true;
    -- More may be there: the command comes again.
    IF cardinality(b.ids) >= p_step THEN
        h.code := 2;
    END IF;
    RETURN h;
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
    INSERT INTO @s@.inbox (uid, id, body, attributes, grp, dedup, delay_ms, sender)
    VALUES (q.uid, v_id, p_body, v_attributes, p_group, p_deduplication,
        CASE WHEN NOT q.fifo THEN p_delay * 1000 END, p_account);
    -- Who waits cannot be known here: a receiver may begin to before this commits.
    PERFORM pg_notify('@channel@', q.uid::text);
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
        OR a.key LIKE '%..%' OR coalesce(a.value, '') = '' LIMIT 1;
    IF v_bad IS NOT NULL THEN
        RAISE EXCEPTION 'Attribute % is not a name and a text that SQS takes', v_bad
            USING ERRCODE = '22023';
    END IF;
    IF (SELECT count(DISTINCT key) <> count(*) FROM json_each_text(p_attributes)) THEN
        RAISE EXCEPTION 'An attribute stands twice' USING ERRCODE = '22023';
    END IF;
END
$$;
