-- Who ended a quarantine, when and why: append only.
-- +goose Up

CREATE TABLE reconciliation (
    id                 uuid PRIMARY KEY,
    at                 timestamptz NOT NULL DEFAULT clock_timestamp(),
    principal_id       uuid NOT NULL,
    quarantine_reason  text NOT NULL,
    -- The newest published file when it was decided: the next one begins the chains' publication anew.
    heads_sequence     bigint NOT NULL,
    sealed             bytea NOT NULL
);
GRANT SELECT, INSERT ON reconciliation TO docket_app;

-- A dump that is restored beside the original has the same cluster and another database.
UPDATE installation SET system_identifier = system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
    WHERE position('/' in system_identifier) = 0;
