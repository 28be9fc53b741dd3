-- +goose Up
-- Instants that awareness may be counted from: append only. `sealed` holds what shows them.
CREATE TABLE candidate (
    id           uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    kind         text NOT NULL,
    at           timestamptz NOT NULL,
    zone         text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid NOT NULL,
    sealed       bytea NOT NULL
);
CREATE INDEX candidate_case ON candidate (case_id, id);

-- Duties that people found not to be owed: waived on a ground (`code`), or decided not to be required. The row goes when
-- the duty is required again; the case's chain keeps every decision.
CREATE TABLE exemption (
    duty_id       uuid PRIMARY KEY REFERENCES duty,
    case_id       uuid NOT NULL REFERENCES cases,
    code          text,
    -- Facts changed, and nobody has looked at it again.
    review_since  timestamptz
);
CREATE INDEX exemption_case ON exemption (case_id);
-- What was waived before, by the chain's word.
INSERT INTO exemption (duty_id, case_id, code)
    SELECT (said.body->>'duty')::uuid, said.case_id, said.body->>'exemption'
    FROM (SELECT case_id, convert_from(body, 'UTF8')::jsonb AS body FROM timeline WHERE kind = 'duty.waived') said;

GRANT SELECT, INSERT ON candidate TO docket_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON exemption TO docket_app;
