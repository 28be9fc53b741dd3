-- What counsel marks privileged, and legal holds. Forward only; it only adds.
-- Privileged content is sealed under a key scope of its own: neither the case's key nor the case's readers open it.

-- +goose Up

-- A case that has a legal circle, and the scope of the key that only the circle's content is sealed under.
CREATE TABLE privilege (
    case_id  uuid PRIMARY KEY REFERENCES cases,
    scope    uuid NOT NULL UNIQUE REFERENCES data_key
);

-- The legal circle as counsel named it last.
CREATE TABLE privilege_member (
    case_id       uuid NOT NULL REFERENCES privilege,
    principal_id  uuid NOT NULL,
    PRIMARY KEY (case_id, principal_id)
);

-- What was marked privileged, append only. `kind` and `basis` are codes, as a privilege log shows them; the words are in
-- `sealed`, and the case's chain holds no more of them than `commitment`.
CREATE TABLE privileged (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES privilege,
    at          timestamptz NOT NULL,
    author      uuid NOT NULL,
    kind        text NOT NULL,
    basis       text NOT NULL,
    sealed      bytea NOT NULL,
    commitment  bytea NOT NULL
);
CREATE INDEX privileged_case ON privileged (case_id, id);

-- Legal holds on a case, append only: one stands until it has a release.
CREATE TABLE legal_hold (
    id         uuid PRIMARY KEY,
    case_id    uuid NOT NULL REFERENCES cases,
    placed_at  timestamptz NOT NULL,
    placed_by  uuid NOT NULL,
    review_at  timestamptz NOT NULL,
    sealed     bytea NOT NULL
);
CREATE INDEX legal_hold_case ON legal_hold (case_id, id);
CREATE TABLE legal_hold_release (
    hold_id      uuid PRIMARY KEY REFERENCES legal_hold,
    released_at  timestamptz NOT NULL,
    released_by  uuid NOT NULL,
    sealed       bytea NOT NULL
);

-- How many holds keep a key scope: a case's own, or that of its privileged content.
-- +goose StatementBegin
CREATE FUNCTION standing_holds(key_scope uuid) RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT count(*) FROM public.legal_hold h
    WHERE h.case_id IN (SELECT key_scope UNION ALL SELECT p.case_id FROM public.privilege p WHERE p.scope = key_scope)
        AND NOT EXISTS (SELECT FROM public.legal_hold_release r WHERE r.hold_id = h.id)
$$;

-- A key that a hold keeps is neither emptied nor replaced nor deleted, whoever asks. DKH01 is this schema's own code.
CREATE FUNCTION keep_held_key() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF public.standing_holds(OLD.scope) > 0 THEN
        RAISE EXCEPTION 'a legal hold keeps this key' USING ERRCODE = 'DKH01';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;

-- A hold waits for a shredding that is under way, and a shredding for a hold that is being placed: one of them sees the other.
CREATE FUNCTION hold_locks_keys() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM public.data_key y
        WHERE y.scope IN (SELECT NEW.case_id UNION ALL SELECT p.scope FROM public.privilege p WHERE p.case_id = NEW.case_id) FOR SHARE;
    RETURN NEW;
END
$$;

-- Nobody empties the tables either while a hold stands.
CREATE FUNCTION keep_held_tables() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM public.legal_hold h WHERE NOT EXISTS (SELECT FROM public.legal_hold_release r WHERE r.hold_id = h.id)) THEN
        RAISE EXCEPTION 'a legal hold keeps this table' USING ERRCODE = 'DKH01';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER keep_held_tables BEFORE TRUNCATE ON data_key FOR EACH STATEMENT EXECUTE FUNCTION keep_held_tables();
CREATE TRIGGER keep_held_tables BEFORE TRUNCATE ON legal_hold FOR EACH STATEMENT EXECUTE FUNCTION keep_held_tables();
CREATE TRIGGER keep_held_key BEFORE UPDATE OR DELETE ON data_key FOR EACH ROW EXECUTE FUNCTION keep_held_key();
CREATE TRIGGER hold_locks_keys BEFORE INSERT ON legal_hold FOR EACH ROW EXECUTE FUNCTION hold_locks_keys();

GRANT SELECT, INSERT ON privilege, privileged, legal_hold, legal_hold_release TO docket_app;
GRANT SELECT, INSERT, DELETE ON privilege_member TO docket_app;
-- A key is emptied, which leaves its row and the instant; nothing deletes it.
REVOKE DELETE ON data_key FROM docket_app;
