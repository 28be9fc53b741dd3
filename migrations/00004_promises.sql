-- Promises: what a notice or a filing says will follow by an instant is a duty of its own. Expands only.

-- +goose Up

-- Why a notice comes late, as the approver has it printed: sealed, and bound by the approval like the text.
ALTER TABLE notice ADD COLUMN delay_sealed bytea;

-- An update goes to those who were promised one; any other notice to those who are owed it anew.
ALTER TABLE notice ADD COLUMN follow_up boolean NOT NULL DEFAULT false;
