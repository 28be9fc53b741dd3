-- +goose Up
-- Notices of change: each customer's own dates, answers, and since when the change holds for it. Codes and instants only.
CREATE TABLE change_customer (
    case_id            uuid NOT NULL REFERENCES cases,
    customer_id        uuid NOT NULL REFERENCES customer,
    duty_id            uuid NOT NULL REFERENCES duty,
    -- What a gateway asks about, so that its question is one read of one index.
    subject            text NOT NULL,
    services           text[] NOT NULL,
    zone               text NOT NULL,
    -- The key of the terms that count, as they were when the audience was counted.
    resolution         text NOT NULL,
    last_sending       timestamptz NOT NULL,
    -- Counted from the day by which letters leave: what they say. Nothing later takes it back.
    said_effective     timestamptz NOT NULL,
    said_closes        timestamptz,
    said_until         timestamptz,
    -- Counted from the instant at which the notice was given, and never earlier than what letters say.
    sent_at            timestamptz,
    effective          timestamptz NOT NULL,
    window_closes      timestamptz,
    termination_until  timestamptz,
    provisional        boolean NOT NULL,
    why                jsonb NOT NULL,
    answer             text NOT NULL DEFAULT '' CHECK (answer IN ('', 'objected', 'accommodated', 'withdrawn', 'customer_terminates', 'waived')),
    answered_at        timestamptz,
    resolve_by         timestamptz,
    sealed             bytea,
    taken_at           timestamptz,
    PRIMARY KEY (case_id, customer_id)
);
CREATE INDEX change_customer_duty ON change_customer (duty_id);
CREATE INDEX change_customer_asked ON change_customer (customer_id, subject, case_id DESC) WHERE subject <> '';
CREATE INDEX change_customer_waiting ON change_customer (case_id, effective) WHERE taken_at IS NULL AND sent_at IS NOT NULL;
CREATE INDEX change_customer_objected ON change_customer (case_id, resolve_by) WHERE answer = 'objected';

-- Who came after a change took effect for everybody is asked about by its subject alone.
CREATE INDEX cases_change_subject ON cases ((state->>'subject'), opened_at DESC) WHERE kind = 'change';

-- A published document in its versions: public text, which never changes.
CREATE TABLE document_version (
    name          text NOT NULL,
    number        integer NOT NULL,
    case_id       uuid NOT NULL REFERENCES cases,
    published_at  timestamptz NOT NULL,
    effective_at  timestamptz NOT NULL,
    text          text NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (name, number)
);

-- What the public change log says; `body` is public.
CREATE TABLE change_entry (
    case_id       uuid PRIMARY KEY REFERENCES cases,
    published_at  timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    body          jsonb NOT NULL
);
CREATE INDEX change_entry_newest ON change_entry (published_at DESC);

-- The links to customers' own pages, by the hash of what stands in them.
CREATE TABLE notice_link (
    hash         bytea PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    customer_id  uuid NOT NULL REFERENCES customer,
    contact_id   uuid NOT NULL REFERENCES contact
);
CREATE INDEX notice_link_case ON notice_link (case_id);

-- A test goes to somebody of the company, and carries out nothing.
ALTER TABLE campaign ADD COLUMN test boolean NOT NULL DEFAULT false;

GRANT SELECT, INSERT, UPDATE, DELETE ON change_customer TO docket_app;
GRANT SELECT, INSERT ON document_version, notice_link TO docket_app;
GRANT SELECT, INSERT, UPDATE ON change_entry TO docket_app;
