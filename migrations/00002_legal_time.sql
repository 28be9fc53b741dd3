-- Legal time: the rules that cases keep, who adopted them, stages that follow each other, delays that the law allows,
-- and missed milestones that are raised together. Forward only.

-- +goose Up

-- A version of the rule pack as the first case found it: a case keeps the rules that it began with.
CREATE TABLE rule_pack (
    version  text PRIMARY KEY,
    body     jsonb NOT NULL,
    kept_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Who made a rule the company's own, or took that back, when and why. The newest row of a rule counts.
CREATE TABLE rule_adoption (
    id            uuid PRIMARY KEY,
    rule          text NOT NULL,
    pack_version  text NOT NULL,
    adopted       boolean NOT NULL,
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    principal_id  uuid NOT NULL REFERENCES principal,
    -- The reason, under a data key of its own.
    sealed        bytea NOT NULL
);
CREATE INDEX rule_adoption_rule ON rule_adoption (rule, id DESC);

-- A stage names the duty that it follows, and the instant of that one's submission, from which it counts.
ALTER TABLE duty ADD COLUMN follows uuid REFERENCES duty, ADD COLUMN chained_at timestamptz;
CREATE INDEX duty_follows ON duty (follows) WHERE follows IS NOT NULL;
-- An authority asked to wait: the duty's instants are no earlier than this. The undelayed ones stay in duty_due.
ALTER TABLE duty ADD COLUMN delayed_until timestamptz;

-- What was missed while nothing ran is raised together: one raise leads and is paged, the others stand with it.
ALTER TABLE raise ADD COLUMN led_by uuid REFERENCES raise, ADD COLUMN concerns integer;

GRANT SELECT, INSERT ON rule_pack, rule_adoption TO docket_app;
