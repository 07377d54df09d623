-- The schema that all migrations make together. Written by `RECORD=1 swift test`; never run.

CREATE TABLE api_token (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE blueprint (
    generation INTEGER PRIMARY KEY CHECK (generation = parent + 1),
    parent INTEGER NOT NULL CHECK (parent >= 0),
    made_at INTEGER NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT;

CREATE TABLE host (
    name TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    domain TEXT NOT NULL,
    cluster TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('manager', 'worker')),
    life TEXT NOT NULL CHECK (life IN ('admitted', 'ready', 'draining', 'removed', 'quarantined')),
    generation INTEGER NOT NULL DEFAULT 1 CHECK (generation >= 1),
    facts TEXT CHECK (facts IS NULL OR json_valid(facts)),
    observed_at INTEGER,
    unreachable TEXT CHECK (unreachable IS NULL OR json_valid(unreachable)),
    -- Of the last look at the host, whether it answered or not: an older observation never overwrites a newer one.
    looked_at INTEGER,
    since INTEGER NOT NULL,
    CHECK ((facts IS NULL) = (observed_at IS NULL))
) STRICT;

CREATE TABLE host_key (
    host TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    pinned_at INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    region TEXT NOT NULL,
    plan TEXT NOT NULL,
    step TEXT NOT NULL,
    host TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('intended', 'started', 'done', 'verified', 'failed', 'unknown')),
    is_change INTEGER CHECK (is_change IN (0, 1)),
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    run TEXT NOT NULL REFERENCES run (id),
    plan TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    since INTEGER NOT NULL
) STRICT;

CREATE TABLE plan (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    saved_at INTEGER NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE TABLE plan_order (
    plan TEXT PRIMARY KEY REFERENCES plan (id),
    content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE TABLE region (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    policy TEXT NOT NULL CHECK (json_valid(policy)),
    adopted_at INTEGER NOT NULL,
    owner TEXT NOT NULL CHECK (owner IN ('operator', 'control-plane')),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    owned_since INTEGER NOT NULL,
    is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
    target_generation INTEGER REFERENCES blueprint (generation)
) STRICT;

CREATE TABLE run (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    -- The one that it executes now.
    plan TEXT NOT NULL REFERENCES plan (id),
    actor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'cancelling', 'done', 'failed', 'cancelled')),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT CHECK (outcome IS NULL OR json_valid(outcome)),
    CHECK ((ended_at IS NULL) = (state IN ('running', 'cancelling'))),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE TABLE run_event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES run (id),
    content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX api_token_by_name ON api_token (name) WHERE revoked_at IS NULL;

CREATE INDEX journal_by_step ON journal (step, sequence);

CREATE INDEX run_event_by_run ON run_event (run, sequence);

CREATE TRIGGER blueprint_is_never_deleted BEFORE DELETE ON blueprint
BEGIN SELECT RAISE(ABORT, 'blueprints are immutable'); END;

CREATE TRIGGER blueprint_is_never_updated BEFORE UPDATE ON blueprint
BEGIN SELECT RAISE(ABORT, 'blueprints are immutable'); END;

CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_is_never_updated BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER run_event_is_never_deleted BEFORE DELETE ON run_event
BEGIN SELECT RAISE(ABORT, 'events of runs are append-only'); END;

CREATE TRIGGER run_event_is_never_updated BEFORE UPDATE ON run_event
BEGIN SELECT RAISE(ABORT, 'events of runs are append-only'); END;

CREATE TRIGGER run_is_never_deleted BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'runs are never deleted'); END;

CREATE TRIGGER run_is_never_reopened BEFORE UPDATE ON run WHEN old.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a run that has ended stays as it is'); END;
