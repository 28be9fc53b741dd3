-- +goose Up
-- Requests of data subjects: who asks, what was found about them, what became of it. `sealed` holds identifiers, locators
-- and words under the case's key; `commit` is a keyed hash by which equal identifiers find each other without being read.
CREATE TABLE identity (
    id           uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    kind         text NOT NULL,
    sealed       bytea NOT NULL,
    commit       bytea NOT NULL,
    state        text NOT NULL CHECK (state IN ('named', 'asked', 'verified', 'locked')),
    method       text NOT NULL DEFAULT '',
    verified_at  timestamptz,
    recorded_at  timestamptz NOT NULL,
    UNIQUE (case_id, kind, commit)
);
CREATE INDEX identity_commit ON identity (kind, commit) WHERE state = 'verified';

-- Somebody who asks for others, with what authorises them; under a data key of its own.
CREATE TABLE agent (
    id           uuid PRIMARY KEY,
    sealed       bytea NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid NOT NULL,
    valid_until  timestamptz NOT NULL,
    revoked_at   timestamptz
);

-- A mailed code: single use, with an end and few tries. Only its hash is stored.
CREATE TABLE challenge (
    id           uuid PRIMARY KEY,
    identity_id  uuid NOT NULL REFERENCES identity,
    case_id      uuid NOT NULL,
    -- identity: shows who asks; export: fetches what was gathered, once.
    purpose      text NOT NULL CHECK (purpose IN ('identity', 'export')),
    secret_hash  bytea NOT NULL,
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    tries        integer NOT NULL DEFAULT 0,
    used_at      timestamptz
);
CREATE INDEX challenge_identity ON challenge (identity_id);
CREATE INDEX challenge_open ON challenge (case_id, expires_at) WHERE used_at IS NULL;

-- One collection of the estate for one request. `spec` is how it is located and in what order, without a value.
CREATE TABLE target (
    id           uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    address      text NOT NULL,
    kind         text NOT NULL,
    class        text NOT NULL,
    spec         jsonb NOT NULL,
    estate       text NOT NULL,
    -- locating, located: nothing was destroyed; working: pages are erased and verified; sweeping: looked for once more;
    -- resting: what stays has an instant; done: everything was seen to be gone.
    state        text NOT NULL CHECK (state IN ('locating', 'located', 'working', 'sweeping', 'resting', 'done')),
    -- Where locating stands, sealed: a cursor repeats keys.
    cursor       bytea,
    sweeps       integer NOT NULL DEFAULT 0,
    located      bigint NOT NULL DEFAULT 0,
    total        bigint NOT NULL DEFAULT 0,
    attempt      integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    claim        uuid,
    lease_until  timestamptz,
    error_class  text,
    error_detail text,
    accepted_at  timestamptz,
    erased_at    timestamptz,
    verified_at  timestamptz,
    UNIQUE (case_id, address)
);
CREATE INDEX target_next ON target (case_id, next_at) WHERE state <> 'done';

-- A page of located records, and what was seen of it. What stays is split off into a page of its own.
CREATE TABLE target_page (
    id           uuid PRIMARY KEY,
    target_id    uuid NOT NULL REFERENCES target,
    case_id      uuid NOT NULL,
    number       integer NOT NULL,
    sealed       bytea NOT NULL,
    digest       bytea NOT NULL,
    items        integer NOT NULL,
    -- located: nothing was called; tried: a call may have had an effect; erased: confirmed, not seen; verified: seen by
    -- another path; attested: a person's word; kept: stays on a ground; held: stays until a hold is released.
    state        text NOT NULL CHECK (state IN ('located', 'tried', 'erased', 'verified', 'attested', 'kept', 'held')),
    keep         boolean NOT NULL DEFAULT false,
    ground       text,
    words        text,
    until_at     timestamptz,
    hold_id      uuid,
    tries        integer NOT NULL DEFAULT 0,
    residues     integer NOT NULL DEFAULT 0,
    erased       integer NOT NULL DEFAULT 0,
    masked       integer NOT NULL DEFAULT 0,
    absent       integer NOT NULL DEFAULT 0,
    tried_at     timestamptz,
    accepted_at  timestamptz,
    erased_at    timestamptz,
    verified_at  timestamptz,
    evidence     bytea,
    next_at      timestamptz NOT NULL,
    UNIQUE (target_id, number)
);
CREATE INDEX target_page_hold ON target_page (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX target_page_next ON target_page (target_id, next_at) WHERE state NOT IN ('verified', 'attested');

-- Which records a target holds already, where several ways lead to the same one or the record stays.
CREATE TABLE target_key (
    target_id  uuid NOT NULL REFERENCES target,
    commit     bytea NOT NULL,
    stays      boolean NOT NULL,
    PRIMARY KEY (target_id, commit)
);

-- The ledger of erasing: append only. One entry of the case's chain vouches for the rows of one page of work.
CREATE TABLE erasure_event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id    uuid NOT NULL,
    target_id  uuid NOT NULL,
    page       uuid NOT NULL,
    at         timestamptz NOT NULL,
    kind       text NOT NULL,
    body       bytea NOT NULL
);
CREATE INDEX erasure_event_page ON erasure_event (page, id);
CREATE INDEX erasure_event_target ON erasure_event (target_id, id);
CREATE INDEX erasure_event_case ON erasure_event (case_id, page);
CREATE TABLE erasure_seal (
    page     uuid PRIMARY KEY,
    case_id  uuid NOT NULL,
    seq      bigint NOT NULL
);

-- A hold on one record, or on all of a collection about a person: nothing destroys it while it stands.
CREATE TABLE record_hold (
    id           uuid PRIMARY KEY,
    address      text NOT NULL,
    -- The keyed hash of the record's key; empty for every record of the collection.
    commit       bytea NOT NULL,
    ground       text NOT NULL,
    placed_at    timestamptz NOT NULL,
    placed_by    uuid NOT NULL,
    approved_by  uuid,
    review_at    timestamptz NOT NULL,
    until_at     timestamptz,
    sealed       bytea NOT NULL,
    released_at  timestamptz,
    released_by  uuid
);
CREATE INDEX record_hold_standing ON record_hold (address, commit) WHERE released_at IS NULL;

CREATE TABLE certificate (
    case_id    uuid NOT NULL REFERENCES cases,
    version    integer NOT NULL,
    issued_at  timestamptz NOT NULL,
    jws        bytea NOT NULL,
    PRIMARY KEY (case_id, version)
);

-- A task for a system's owner. `subject` is a keyed hash: nobody is asked twice about the same people.
CREATE TABLE owner_task (
    id            uuid PRIMARY KEY,
    case_id       uuid NOT NULL REFERENCES cases,
    address       text NOT NULL,
    order_id      text NOT NULL UNIQUE,
    subject       bytea NOT NULL,
    owner         text NOT NULL,
    sealed        bytea NOT NULL,
    opened_at     timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    shown_at      timestamptz,
    shown_to      uuid,
    done_at       timestamptz,
    done_by       uuid,
    evidence      bytea,
    digest        bytea,
    sent_back_at  timestamptz,
    checked_at    timestamptz,
    checked_by    uuid
);
CREATE INDEX owner_task_case ON owner_task (case_id);

-- What must not come back: keyed hashes of erased people's identifiers, lifted when they sign up anew.
CREATE TABLE suppression (
    kind       text NOT NULL,
    commit     bytea NOT NULL,
    case_id    uuid NOT NULL,
    placed_at  timestamptz NOT NULL,
    lifted_at  timestamptz,
    PRIMARY KEY (kind, commit, placed_at)
);

GRANT SELECT, INSERT, UPDATE ON agent, identity, challenge, record_hold, owner_task, suppression TO docket_app;
GRANT SELECT, INSERT ON certificate, erasure_event, erasure_seal TO docket_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO docket_app;
-- A plan that is made anew takes the place of the one before, as long as nothing was destroyed.
GRANT SELECT, INSERT, UPDATE, DELETE ON target_key, target, target_page TO docket_app;
