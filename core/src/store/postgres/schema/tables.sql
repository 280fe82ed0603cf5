-- Tables of the PostgreSQL store. @s@ is the schema, @class@ the class of its advisory locks,
-- @channel@ its notification channel. Times are milliseconds since the epoch.

-- The only row of a store on a manual clock; no row on real time.
CREATE TABLE @s@.clock (now_ms bigint NOT NULL);

-- What the next queue is called inside, and the part that new messages go to.
CREATE TABLE @s@.numbers (
    next_uid bigint NOT NULL,
    next_storage bigint NOT NULL
);
INSERT INTO @s@.numbers VALUES (1, 1);
CREATE TABLE @s@.part_now (current smallint NOT NULL);
INSERT INTO @s@.part_now VALUES (0);
-- When new messages last went elsewhere, and when the part was last looked at. While what is left
-- there moves on: up to which message all did.
CREATE TABLE @s@.parts (
    part smallint PRIMARY KEY,
    left_ms bigint NOT NULL DEFAULT 0,
    looked_ms bigint NOT NULL DEFAULT 0,
    moved_storage bigint,
    moved_seq bigint
);
INSERT INTO @s@.parts (part) SELECT generate_series(0, 7);

-- What a queue is; changes with its attributes and tags only.
CREATE TABLE @s@.queues (
    uid bigint PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    region text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- Rises with every change of this row: what programs remember of it carries the number.
    version bigint NOT NULL,
    storage bigint NOT NULL,
    fifo boolean NOT NULL,
    attributes text NOT NULL,
    tags text NOT NULL,
    created_ms bigint NOT NULL,
    modified_ms bigint NOT NULL,
    purged_ms bigint,
    target_account text COLLATE "C",
    target_region text COLLATE "C",
    target_name text COLLATE "C",
    UNIQUE (account, region, name)
);
CREATE INDEX queues_target ON @s@.queues (target_account, target_region, target_name, name)
    WHERE target_name IS NOT NULL;

-- S11.5: when names were deleted.
CREATE TABLE @s@.deleted (
    account text COLLATE "C" NOT NULL,
    region text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (account, region, name)
);

-- What changes with every transition of a queue. Now and then a new row takes the place of the old
-- one; the newest is found from the right end of the index, so that rows which an open
-- transaction elsewhere keeps from being cleaned up are never looked at.
CREATE TABLE @s@.heads (
    uid bigint NOT NULL,
    tick bigint NOT NULL,
    version bigint NOT NULL,
    storage bigint NOT NULL,
    fifo boolean NOT NULL,
    -- A standard queue that had a message with a group.
    fair boolean NOT NULL,
    retention_ms bigint NOT NULL,
    delay_ms bigint NOT NULL,
    -- S9.1; null without a redrive policy.
    max_receives integer,
    next_seq bigint NOT NULL,
    -- In live no message is below; there nothing never received is below; nothing bare is below; no
    -- turn of the ring is below.
    first_seq bigint NOT NULL,
    fresh_seq bigint NOT NULL,
    bare_seq bigint NOT NULL,
    first_turn bigint NOT NULL,
    next_turn bigint NOT NULL,
    returned bigint NOT NULL,
    fresh bigint NOT NULL,
    bare bigint NOT NULL,
    in_flight bigint NOT NULL,
    delayed bigint NOT NULL,
    -- No deadline is earlier; all up to due_done_ms were handled; no message was sent earlier.
    due_ms bigint NOT NULL,
    due_done_ms bigint NOT NULL,
    oldest_ms bigint NOT NULL,
    now_ms bigint NOT NULL,
    -- Who waits: 0 nobody, -1 several, else a listener.
    armed bigint NOT NULL,
    -- Of transactions below this id nothing is left in the inbox.
    joined_xid bigint NOT NULL,
    -- How often the row was overwritten.
    age integer NOT NULL,
    -- Within a transition: 0 go on, 1 other version, 2 call again; whether to store the row;
    -- whether sequence numbers were given, which must not be lost once somebody has seen them;
    -- whether something lies in the inbox; and the part that new messages go to.
    code integer NOT NULL,
    dirty boolean NOT NULL,
    firm boolean NOT NULL,
    joined boolean NOT NULL,
    part smallint NOT NULL,
    PRIMARY KEY (uid, tick)
) WITH (fillfactor = 30, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX heads_storage ON @s@.heads (storage, tick);

-- Messages: inserted, not updated, dropped a part at a time. Bare ones have no row in live until
-- they are received; whether one that is bare was, its queue's bare_seq says. Only one that is
-- deleted while it is bare is made to be so no more.
CREATE TABLE @s@.messages (
    part smallint NOT NULL,
    storage bigint NOT NULL,
    seq bigint NOT NULL,
    bare boolean NOT NULL DEFAULT false,
    sent_ms bigint NOT NULL,
    id uuid NOT NULL,
    body bytea NOT NULL,
    attributes text,
    trace text,
    grp text COLLATE "C",
    dedup text COLLATE "C",
    sender text NOT NULL,
    source text,
    PRIMARY KEY (storage, seq, part)
) PARTITION BY LIST (part);
DO $$
BEGIN
    FOR part IN 0..7 LOOP
        EXECUTE format('CREATE TABLE @s@.messages_%s PARTITION OF @s@.messages FOR VALUES IN (%s)',
            part, part);
        EXECUTE format('ALTER TABLE @s@.messages_%s ALTER COLUMN body SET STORAGE EXTERNAL', part);
    END LOOP;
END
$$;

-- What was sent and deleted inside of transactions of others, until the next command of the queue:
-- a message, or the number of one that goes. With the id of its transaction each row is found past
-- those that were taken in.
CREATE TABLE @s@.inbox (
    n bigint GENERATED ALWAYS AS IDENTITY,
    uid bigint NOT NULL,
    xid bigint NOT NULL,
    gone_seq bigint,
    id uuid,
    body bytea,
    attributes text,
    trace text,
    grp text COLLATE "C",
    dedup text COLLATE "C",
    delay_ms bigint,
    sender text,
    PRIMARY KEY (uid, xid, n),
    CHECK ((gone_seq IS NULL) = (id IS NOT NULL AND body IS NOT NULL AND sender IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Where each message stands that is not bare. state: 0 delayed, 1 returned, 2 never received, 3 in flight.
CREATE TABLE @s@.live (
    storage bigint NOT NULL,
    seq bigint NOT NULL,
    sent_ms bigint NOT NULL,
    until_ms bigint,
    first_ms bigint,
    received_ms bigint NOT NULL DEFAULT 0,
    -- In this queue; and with those in queues before.
    receives integer NOT NULL DEFAULT 0,
    receive_count integer NOT NULL DEFAULT 0,
    bytes integer NOT NULL,
    part smallint NOT NULL,
    state smallint NOT NULL,
    -- S7.19: its visibility was changed since.
    changed boolean NOT NULL DEFAULT false,
    -- Sent before messages that stand before it: a dead letter that kept its age.
    aged boolean NOT NULL DEFAULT false,
    -- In a fair queue, from its first message with a group on, those without have the empty one.
    grp text COLLATE "C",
    PRIMARY KEY (storage, seq)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX live_visible ON @s@.live (storage, state, seq) WHERE state IN (1, 2);
CREATE INDEX live_due ON @s@.live (storage, until_ms, seq) WHERE until_ms IS NOT NULL;
CREATE INDEX live_group ON @s@.live (storage, grp, seq) WHERE grp IS NOT NULL;
-- Of a tenant, what it can deliver.
CREATE INDEX live_tenant ON @s@.live (storage, grp, seq)
    WHERE grp IS NOT NULL AND state IN (1, 2);
CREATE INDEX live_aged ON @s@.live (storage, sent_ms) WHERE aged;

-- D5: FIFO groups whose head is visible, in the order in which that came about.
CREATE TABLE @s@.ring (
    storage bigint NOT NULL,
    turn bigint NOT NULL,
    grp text COLLATE "C" NOT NULL,
    PRIMARY KEY (storage, turn)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX ring_group ON @s@.ring (storage, grp, turn);

-- D9: accepted sends. scope is the group, or empty for that of the queue.
CREATE TABLE @s@.dedup (
    storage bigint NOT NULL,
    scope text COLLATE "C" NOT NULL,
    dedup text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    seq bigint NOT NULL,
    end_ms bigint NOT NULL,
    PRIMARY KEY (storage, scope, dedup)
);
CREATE INDEX dedup_end ON @s@.dedup (end_ms);

-- D7: receives that can be repeated.
CREATE TABLE @s@.attempts (
    storage bigint NOT NULL,
    attempt text COLLATE "C" NOT NULL,
    seqs bigint[] NOT NULL,
    receives integer[] NOT NULL,
    end_ms bigint NOT NULL,
    PRIMARY KEY (storage, attempt)
);
CREATE INDEX attempts_end ON @s@.attempts (end_ms);

-- D4: when each tenant last sent, how much of it is in flight, and the first of its messages that
-- can be delivered, if there is one. With each change tick rises, so that the row is found from the
-- right end of the index, as a head is.
CREATE TABLE @s@.tenants (
    storage bigint NOT NULL,
    grp text COLLATE "C" NOT NULL,
    tick bigint NOT NULL,
    sent_ms bigint NOT NULL,
    in_flight bigint NOT NULL,
    head bigint,
    PRIMARY KEY (storage, grp, tick)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX tenants_head ON @s@.tenants (storage, head) WHERE head IS NOT NULL;
CREATE INDEX tenants_busy ON @s@.tenants (storage, in_flight) WHERE in_flight >= 30;
-- Those that can be forgotten when they have not sent for long.
CREATE INDEX tenants_idle ON @s@.tenants (sent_ms) WHERE in_flight = 0 AND head IS NULL;

-- S10. task is 16 hexadecimal digits.
CREATE TABLE @s@.tasks (
    task text COLLATE "C" PRIMARY KEY,
    source_account text COLLATE "C" NOT NULL,
    source_region text COLLATE "C" NOT NULL,
    source_name text COLLATE "C" NOT NULL,
    source_uid bigint NOT NULL,
    destination_account text COLLATE "C",
    destination_region text COLLATE "C",
    destination_name text COLLATE "C",
    rate bigint,
    status text NOT NULL,
    moved bigint NOT NULL,
    to_move bigint NOT NULL,
    started_ms bigint NOT NULL
);

-- Up to when what ended is removed, and when that began.
CREATE TABLE @s@.swept (upto_ms bigint NOT NULL, begun_ms bigint NOT NULL);
INSERT INTO @s@.swept VALUES (0, 0);

-- Storages of purged and deleted queues, removed in steps.
CREATE TABLE @s@.trash (storage bigint PRIMARY KEY);

-- What the planner is to think, whatever the last vacuum saw: that tables are not empty, by rows of
-- no queue, and that all is in one queue. Where a busy table was empty a moment ago, or had many
-- small queues, every index would cost the same while one fills, and a plan would read a queue for
-- each of its messages.
INSERT INTO @s@.live (storage, seq, sent_ms, bytes, part, state, grp)
SELECT 0, n, 0, 0, -1, 1 + n % 2, n::text FROM generate_series(1, 500) n;
INSERT INTO @s@.ring (storage, turn, grp) SELECT 0, n, n::text FROM generate_series(1, 500) n;
INSERT INTO @s@.tenants (storage, grp, tick, sent_ms, in_flight, head)
SELECT 0, n::text, 0, 0, 0, n FROM generate_series(1, 500) n;
ALTER TABLE @s@.live ALTER COLUMN storage SET (n_distinct = 1);
ALTER TABLE @s@.ring ALTER COLUMN storage SET (n_distinct = 1);
ALTER TABLE @s@.tenants ALTER COLUMN storage SET (n_distinct = 1);
-- Nor how often a state was there: its index is right for each.
ALTER TABLE @s@.live ALTER COLUMN state SET STATISTICS 0;
ANALYZE @s@.live, @s@.ring, @s@.tenants;
