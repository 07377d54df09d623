-- Runs: what the control plane executes, one at a time, and what happened in each. A run outlives the process that
-- began it, so all that is needed to go on is here.

-- What a plan was made for: its policy becomes the region's only together with the plan.
CREATE TABLE plan_order (
    plan TEXT PRIMARY KEY REFERENCES plan (id),
    content TEXT NOT NULL CHECK (json_valid(content))
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

CREATE TRIGGER run_is_never_reopened BEFORE UPDATE ON run WHEN old.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a run that has ended stays as it is'); END;
CREATE TRIGGER run_is_never_deleted BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'runs are never deleted'); END;

-- The right to change the region: one row while a run goes on.
CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    run TEXT NOT NULL REFERENCES run (id),
    plan TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    since INTEGER NOT NULL
) STRICT;

-- What those who watch a run read, also after their connection or the process was lost.
CREATE TABLE run_event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES run (id),
    content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE INDEX run_event_by_run ON run_event (run, sequence);

CREATE TRIGGER run_event_is_never_updated BEFORE UPDATE ON run_event
BEGIN SELECT RAISE(ABORT, 'events of runs are append-only'); END;
CREATE TRIGGER run_event_is_never_deleted BEFORE DELETE ON run_event
BEGIN SELECT RAISE(ABORT, 'events of runs are append-only'); END;

-- The policy of the latest plan was kept here before.
DELETE FROM setting WHERE key = 'plan.policy';
