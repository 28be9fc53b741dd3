-- A fictional AI routing company's database, as samples/estate/estate.yaml describes it. Every name is made up.
CREATE TABLE accounts (id bigint PRIMARY KEY, email text NOT NULL, display_name text NOT NULL, created_at timestamptz NOT NULL,
    sole_owner_of text, investigated_since timestamptz, customer_ref text);
CREATE UNIQUE INDEX accounts_email ON accounts (lower(email));
CREATE TABLE api_keys (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, label text NOT NULL, secret_hash text NOT NULL);
CREATE INDEX api_keys_account ON api_keys (account_id);
CREATE TABLE prompts (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, prompt text NOT NULL, completion text, model text NOT NULL, created_at timestamptz NOT NULL);
CREATE INDEX prompts_account ON prompts (account_id);
CREATE TABLE prompt_embeddings (prompt_id bigint NOT NULL REFERENCES prompts, chunk int NOT NULL, embedding real[] NOT NULL, PRIMARY KEY (prompt_id, chunk));
CREATE TABLE support_tickets (id bigint PRIMARY KEY, account_id bigint, requester_email text, subject text NOT NULL, body text NOT NULL, agent_note text);
CREATE INDEX support_tickets_account ON support_tickets (account_id);
CREATE INDEX support_tickets_requester ON support_tickets (lower(requester_email));
-- Invoices outlive their accounts: the law keeps them.
CREATE TABLE invoices (id bigint PRIMARY KEY, account_id bigint NOT NULL, billing_name text NOT NULL, total_cents int NOT NULL, issued_on date NOT NULL, marketing_note text, avatar_url text);
CREATE INDEX invoices_account ON invoices (account_id);
CREATE TABLE routing_events (id bigint PRIMARY KEY, route text NOT NULL, hour timestamptz NOT NULL, calls int NOT NULL);

INSERT INTO accounts VALUES
    (1, 'ana@example.test', 'Ana Example', '2024-02-01'), (10, 'ben@example.test', 'Ben Example', '2024-03-01'), (11, 'cas@example.test', 'Cas Example', '2025-01-01');
INSERT INTO api_keys SELECT n, CASE WHEN n <= 2 THEN 1 ELSE 10 END, 'key ' || n, md5(n::text) FROM generate_series(1, 4) n;
INSERT INTO prompts SELECT n, (ARRAY[1, 10, 11])[1 + n % 3], 'prompt ' || n, 'completion ' || n, 'model-a', '2026-11-20' FROM generate_series(1, 36) n;
INSERT INTO prompt_embeddings SELECT p.id, chunk, ARRAY[0.25, chunk::real] FROM prompts p, generate_series(1, 2) chunk;
INSERT INTO support_tickets VALUES (1, 1, NULL, 'Invoice', 'Where is it?', 'sent again'), (2, NULL, 'Ana@Example.test', 'Before I had an account', 'A question', NULL), (3, 10, NULL, 'Limits', 'More, please', NULL);
INSERT INTO invoices VALUES
    (1, 1, 'Ana Example', 1200, '2014-05-01', 'offer the yearly plan', 'https://cdn.example.test/ana.png'),
    (2, 1, 'Ana Example', 4900, '2025-05-01', 'offer the yearly plan', 'https://cdn.example.test/ana.png'),
    (3, 10, 'Ben Example', 900, '2025-06-01', NULL, NULL);
INSERT INTO routing_events VALUES (1, 'chat', '2026-11-27 10:00+00', 311);
