-- What people have to see to is few rows among many, and every decision about a case counts it.

-- +goose Up

CREATE INDEX delivery_unknown ON delivery (case_id) WHERE state = 'unknown';
CREATE INDEX duty_undecided ON duty (case_id) WHERE governs = 'undecided';
