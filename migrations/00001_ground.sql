-- The ground floor: installation, keys, people, customers, cases, duties, notices, deliveries, bells.
-- Forward only. Personal data and free text live in columns named `sealed` (ciphertext under a data key).
-- Two roles: the owner (who runs this) and docket_app, which can neither UPDATE nor DELETE the ledger and the audit trail.

-- +goose Up

-- One row: which installation this database belongs to. A clone or an old restore differs and starts in quarantine.
CREATE TABLE installation (
    one                boolean PRIMARY KEY DEFAULT true CHECK (one),
    id                 uuid NOT NULL,
    system_identifier  text NOT NULL,
    timeline           integer NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    quarantined_at     timestamptz,
    quarantine_reason  text,
    heads_sequence     bigint NOT NULL DEFAULT 0,
    heads_digest       bytea
);

-- Who ended a quarantine, when and why.
CREATE TABLE reconciliation (
    id                 uuid PRIMARY KEY,
    at                 timestamptz NOT NULL DEFAULT clock_timestamp(),
    principal_id       uuid NOT NULL,
    quarantine_reason  text NOT NULL,
    -- The newest published file when it was decided: the next one begins the chains' publication anew.
    heads_sequence     bigint NOT NULL,
    sealed             bytea NOT NULL
);

-- A data key per scope (a case, a customer), wrapped by a key-encryption key from a file. Emptying `wrapped` erases what it sealed.
CREATE TABLE data_key (
    scope        uuid PRIMARY KEY,
    kek          text NOT NULL,
    wrapped      bytea,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    shredded_at  timestamptz
);

CREATE TABLE principal (
    id           uuid PRIMARY KEY,
    handle       text NOT NULL UNIQUE CHECK (handle ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    kind         text NOT NULL CHECK (kind IN ('person', 'machine')),
    roles        text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at  timestamptz
);

CREATE TABLE token (
    id            uuid PRIMARY KEY,
    principal_id  uuid NOT NULL REFERENCES principal,
    prefix        text NOT NULL UNIQUE,
    hash          bytea NOT NULL,
    scopes        text[] NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at    timestamptz,
    last_used_at  timestamptz,
    revoked_at    timestamptz
);

-- What a key was used for and which ids came of it: never the answer's content.
CREATE TABLE idempotency (
    principal_id  uuid NOT NULL,
    key           text NOT NULL,
    operation     text NOT NULL,
    body_digest   bytea NOT NULL,
    receipt       bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (principal_id, key)
);

CREATE TABLE customer (
    id          uuid PRIMARY KEY,
    ref         text NOT NULL UNIQUE,
    body        jsonb NOT NULL,
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE contact (
    id              uuid PRIMARY KEY,
    customer_id     uuid NOT NULL REFERENCES customer,
    role            text NOT NULL,
    channel         text NOT NULL DEFAULT 'email',
    language        text NOT NULL,
    sealed          bytea NOT NULL,
    address_commit  bytea NOT NULL,
    last_proven_at  timestamptz,
    ended_at        timestamptz,
    UNIQUE (customer_id, role, channel, address_commit)
);

-- Documents and terms as core/duty reads them; standard terms are one document that many customers accepted.
CREATE TABLE document (
    id    text PRIMARY KEY,
    body  jsonb NOT NULL
);
CREATE TABLE term (
    id           text PRIMARY KEY,
    document_id  text NOT NULL REFERENCES document,
    body         jsonb NOT NULL
);
CREATE INDEX term_document ON term (document_id);
CREATE TABLE acceptance (
    customer_id  uuid NOT NULL REFERENCES customer,
    document_id  text NOT NULL REFERENCES document,
    body         jsonb NOT NULL,
    PRIMARY KEY (customer_id, document_id)
);

CREATE TABLE cases (
    id               uuid PRIMARY KEY,
    kind             text NOT NULL,
    code             text NOT NULL UNIQUE,
    status           text NOT NULL,
    state            jsonb NOT NULL,
    sealed           bytea NOT NULL,
    summary_version  integer NOT NULL DEFAULT 1,
    restricted       boolean NOT NULL DEFAULT false,
    drill            boolean NOT NULL DEFAULT false,
    clock_offset     interval NOT NULL DEFAULT '0' CHECK (clock_offset >= '0'),
    pack_version     text NOT NULL,
    opened_at        timestamptz NOT NULL,
    next_seq         bigint NOT NULL DEFAULT 1,
    head             bytea NOT NULL,
    head_at          timestamptz,
    published        bigint NOT NULL DEFAULT 0,
    CHECK (drill OR clock_offset = '0')
);
CREATE INDEX cases_status ON cases (status, id DESC);
CREATE INDEX cases_unpublished ON cases (id) WHERE next_seq - 1 > published;

CREATE TABLE case_member (
    case_id       uuid NOT NULL REFERENCES cases,
    principal_id  uuid NOT NULL,
    PRIMARY KEY (case_id, principal_id)
);

-- The case's chain: append only. `body` holds ids, codes and instants; `sealed` free text under the case's key.
CREATE TABLE timeline (
    case_id      uuid NOT NULL REFERENCES cases,
    seq          bigint NOT NULL,
    happened_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    kind         text NOT NULL,
    actor        text NOT NULL,
    body         bytea NOT NULL,
    sealed       bytea,
    prev         bytea NOT NULL,
    hash         bytea NOT NULL,
    xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    feed         bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (case_id, seq)
);
CREATE INDEX timeline_feed ON timeline (xid, feed);

-- Start facts, of the case or of one party. A correction supersedes; nothing is overwritten.
CREATE TABLE fact (
    id           uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    party_id     uuid,
    word         text NOT NULL,
    happened_at  timestamptz NOT NULL,
    zone         text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid NOT NULL,
    superseded   boolean NOT NULL DEFAULT false,
    sealed       bytea NOT NULL
);
CREATE UNIQUE INDEX fact_current ON fact (case_id, coalesce(party_id, case_id), word) WHERE NOT superseded;

CREATE TABLE party (
    id           uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    wave         integer NOT NULL,
    kind         text NOT NULL,
    customer_id  uuid,
    service      text NOT NULL,
    body         jsonb NOT NULL,
    sealed       bytea,
    certainty    text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid NOT NULL
);
CREATE INDEX party_customer ON party (case_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX party_case ON party (case_id, id);

CREATE TABLE duty (
    id            uuid PRIMARY KEY,
    case_id       uuid NOT NULL REFERENCES cases,
    party_id      uuid NOT NULL REFERENCES party,
    customer_id   uuid,
    counterparty  text NOT NULL,
    rule          text NOT NULL,
    term_id       text NOT NULL,
    start_word    text NOT NULL,
    resolution    text NOT NULL,
    governs       text NOT NULL CHECK (governs IN ('incident', 'found', 'undecided')),
    started_at    timestamptz,
    target        timestamptz,
    limit_at      timestamptz,
    internal      boolean NOT NULL DEFAULT false,
    state         text NOT NULL CHECK (state IN ('proposed', 'required', 'not_required', 'met', 'waived', 'superseded')),
    disputed      boolean NOT NULL DEFAULT false,
    evidence      jsonb NOT NULL,
    why           jsonb NOT NULL,
    notice_id     uuid,
    -- That notice reaches nobody more: another may be released.
    notice_over   boolean NOT NULL DEFAULT false,
    met_at        timestamptz,
    met_by        text,
    late          boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL
);
-- What was decided not to be owed may be owed after all once the facts change.
CREATE UNIQUE INDEX duty_once ON duty (case_id, counterparty, term_id) WHERE state <> 'not_required';
CREATE INDEX duty_open ON duty (case_id, started_at, target, limit_at) WHERE state IN ('proposed', 'required');
CREATE INDEX duty_case ON duty (case_id, id);
-- What people have to see to is few rows among many, and every decision about a case counts it.
CREATE INDEX duty_undecided ON duty (case_id) WHERE governs = 'undecided';
CREATE INDEX duty_customer ON duty (case_id, customer_id);

-- Which term governs, and why, as it was resolved when a duty was opened: a later import moves no running clock.
-- Duties with the same agreements share the row.
CREATE TABLE resolution (
    key   text PRIMARY KEY,
    body  jsonb NOT NULL
);

-- Every due instant a duty ever had: derived, never edited, the earlier one stays readable.
CREATE TABLE duty_due (
    duty_id      uuid NOT NULL REFERENCES duty,
    seq          integer NOT NULL,
    case_id      uuid NOT NULL,
    started_at   timestamptz,
    target       timestamptz,
    limit_at     timestamptz,
    reason       text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    -- What one decision derived: one entry of the chain vouches for these rows.
    page         uuid NOT NULL,
    PRIMARY KEY (duty_id, seq)
);
CREATE INDEX duty_due_page ON duty_due (page, duty_id);

-- Duties that share their clock share their milestones.
CREATE TABLE milestone (
    case_id     uuid NOT NULL REFERENCES cases,
    kind        text NOT NULL,
    at          timestamptz NOT NULL,
    started_at  timestamptz NOT NULL,
    target      timestamptz NOT NULL,
    limit_at    timestamptz,
    raised_at   timestamptz,
    -- A duty that joins the clock after a milestone was raised has it raised once more.
    generation  integer NOT NULL DEFAULT 1,
    UNIQUE NULLS NOT DISTINCT (case_id, kind, started_at, target, limit_at)
);
CREATE INDEX milestone_next ON milestone (case_id, at) WHERE raised_at IS NULL;

CREATE TABLE raise (
    id               uuid PRIMARY KEY,
    case_id          uuid NOT NULL REFERENCES cases,
    key              text NOT NULL,
    kind             text NOT NULL,
    due_at           timestamptz NOT NULL,
    count            integer NOT NULL,
    recorded_at      timestamptz NOT NULL,
    recorded_by      text NOT NULL,
    step             integer NOT NULL DEFAULT 0,
    next_step_at     timestamptz,
    acknowledged_at  timestamptz,
    acknowledged_by  uuid,
    UNIQUE (case_id, key)
);
CREATE INDEX raise_open ON raise (case_id, next_step_at) WHERE acknowledged_at IS NULL;

-- One page of one step of a raise to one channel; open until the other side took it.
CREATE TABLE page (
    id           uuid PRIMARY KEY,
    raise_id     uuid NOT NULL REFERENCES raise,
    case_id      uuid NOT NULL,
    step         integer NOT NULL,
    channel      text NOT NULL,
    roles        text[] NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    lease_until  timestamptz,
    answered_at  timestamptz,
    code         integer,
    class        text,
    UNIQUE (raise_id, step, channel)
);
CREATE INDEX page_open ON page (case_id, next_at) WHERE answered_at IS NULL;

CREATE TABLE notice (
    id               uuid PRIMARY KEY,
    case_id          uuid NOT NULL REFERENCES cases,
    kind             text NOT NULL,
    state            text NOT NULL,
    version          integer NOT NULL,
    created_at       timestamptz NOT NULL,
    approved_by      uuid,
    approved_at      timestamptz,
    approval_digest  bytea
);
CREATE INDEX notice_case ON notice (case_id, id);
CREATE TABLE notice_version (
    notice_id  uuid NOT NULL REFERENCES notice,
    version    integer NOT NULL,
    sealed     bytea NOT NULL,
    edited_by  uuid NOT NULL,
    edited_at  timestamptz NOT NULL,
    PRIMARY KEY (notice_id, version)
);

CREATE TABLE campaign (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES cases,
    notice_id   uuid NOT NULL REFERENCES notice,
    version     integer NOT NULL,
    lane        text NOT NULL CHECK (lane IN ('urgent', 'bulk')),
    state       text NOT NULL CHECK (state IN ('running', 'paused', 'stopped', 'done')),
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE INDEX campaign_case ON campaign (case_id, id);

CREATE TABLE delivery (
    id                  uuid PRIMARY KEY,
    case_id             uuid NOT NULL REFERENCES cases,
    campaign_id         uuid REFERENCES campaign,
    notice_id           uuid REFERENCES notice,
    version             integer NOT NULL DEFAULT 0,
    duty_id             uuid,
    customer_id         uuid,
    contact_id          uuid,
    channel             text NOT NULL,
    rank                integer NOT NULL DEFAULT 0,
    state               text NOT NULL,
    language            text NOT NULL DEFAULT '',
    sealed              bytea NOT NULL,
    deadline            timestamptz,
    claim               uuid,
    lease_until         timestamptz,
    next_at             timestamptz NOT NULL,
    attempt             integer NOT NULL DEFAULT 0,
    first_attempt_at    timestamptz,
    begun_at            timestamptz,
    digest              bytea,
    possible_duplicate  boolean NOT NULL DEFAULT false,
    transport           text NOT NULL DEFAULT '',
    handed_on_at        timestamptz,
    accepted_at         timestamptz,
    delivered_at        timestamptz,
    acknowledged_at     timestamptz,
    bounced_at          timestamptz,
    filed_at            timestamptz,
    filed_by            uuid,
    filing_confirmed_at timestamptz,
    code                integer,
    class               text,
    UNIQUE (notice_id, contact_id, channel)
);
CREATE INDEX delivery_claimable ON delivery (campaign_id, next_at, id) WHERE state IN ('planned', 'deferred');
CREATE INDEX delivery_leased ON delivery (campaign_id, lease_until) WHERE claim IS NOT NULL;
CREATE INDEX delivery_customer ON delivery (case_id, customer_id);
CREATE INDEX delivery_duty ON delivery (duty_id) WHERE duty_id IS NOT NULL;
CREATE INDEX delivery_unknown ON delivery (case_id) WHERE state = 'unknown';
CREATE INDEX delivery_case ON delivery (case_id, id);
CREATE INDEX delivery_claim ON delivery (claim) WHERE claim IS NOT NULL;

-- The ledger: append only. What was tried, what was answered. `page` is sealed into the case's chain by its digest.
CREATE TABLE delivery_event (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id  uuid NOT NULL,
    case_id      uuid NOT NULL,
    page         uuid NOT NULL,
    attempt      integer NOT NULL,
    at           timestamptz NOT NULL,
    kind         text NOT NULL,
    body         bytea NOT NULL,
    sealed       bytea
);
CREATE INDEX delivery_event_delivery ON delivery_event (delivery_id, id);
CREATE INDEX delivery_event_page ON delivery_event (page, id);
CREATE TABLE page_seal (
    page         uuid PRIMARY KEY,
    case_id      uuid NOT NULL,
    campaign_id  uuid,
    seq          bigint NOT NULL
);
-- A sender's page from its first claim to its seal: what waits to be sealed is read from here.
CREATE TABLE sender_page (
    page         uuid PRIMARY KEY,
    campaign_id  uuid NOT NULL REFERENCES campaign
);
CREATE INDEX sender_page_campaign ON sender_page (campaign_id);
-- Reads of confidential content, append only.
CREATE TABLE access_event (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id       uuid NOT NULL,
    principal_id  uuid NOT NULL,
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind          text NOT NULL
);
-- Mail that came back and matched nothing: kept as a digest, changes no state.
CREATE TABLE unmatched_report (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    digest  bytea NOT NULL,
    reason  text NOT NULL
);

-- How many may leave a channel's account per second, over any number of workers.
CREATE TABLE budget (
    channel     text NOT NULL,
    account     text NOT NULL,
    per_second  double precision NOT NULL,
    burst       double precision NOT NULL,
    tokens      double precision NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel, account)
);

-- A durable process. A fact raises seq; the relay rings what is unheard or whose time has come.
CREATE TABLE bell (
    workflow_id  text PRIMARY KEY,
    kind         text NOT NULL,
    subject      uuid NOT NULL,
    case_id      uuid NOT NULL,
    queue        text NOT NULL,
    seq          bigint NOT NULL DEFAULT 1,
    heard        bigint NOT NULL DEFAULT 0,
    rung         bigint NOT NULL DEFAULT 0,
    rung_at      timestamptz,
    ring_after   timestamptz,
    rings        integer NOT NULL DEFAULT 0,
    wake_at      timestamptz,
    raised_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    trace        text NOT NULL DEFAULT ''
);
CREATE INDEX bell_unheard ON bell (ring_after) WHERE seq > heard;
CREATE INDEX bell_wake ON bell (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX bell_case ON bell (case_id);

-- A decision that writes a hundred thousand rows tells the planner at once: until autovacuum comes by, it would plan for
-- a table that it takes to be almost empty. Only an owner may ANALYZE.
-- +goose StatementBegin
CREATE FUNCTION refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    ANALYZE public.party, public.duty, public.delivery;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_statistics() TO docket_app;

GRANT USAGE ON SCHEMA public TO docket_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO docket_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO docket_app;
REVOKE UPDATE, DELETE, TRUNCATE ON timeline, delivery_event, page_seal, access_event, unmatched_report, duty_due, notice_version, resolution, reconciliation FROM docket_app;
REVOKE INSERT, UPDATE, DELETE ON goose_db_version FROM docket_app;
REVOKE DELETE ON cases, duty, party, fact, delivery, notice, campaign, raise, installation, customer, contact, bell FROM docket_app;
