-- +goose Up
-- Mail to the privacy address. `commit` is a keyed hash of sender, Message-ID and words: the same letter comes again after a
-- lost answer, and is one.
CREATE TABLE intake_mail (
    id           uuid PRIMARY KEY,
    commit       bytea NOT NULL UNIQUE,
    digest       bytea NOT NULL,
    case_id      uuid NOT NULL REFERENCES cases,
    state        text NOT NULL CHECK (state IN ('opened', 'added')),
    received_at  timestamptz NOT NULL
);
GRANT SELECT, INSERT ON intake_mail TO docket_app;
