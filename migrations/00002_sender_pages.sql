-- A sender's page from its first claim to its seal. What waits to be sealed is read from here: to find it among the
-- ledger's rows took longer with every recipient who had been told.

-- +goose Up

CREATE TABLE sender_page (
    page         uuid PRIMARY KEY,
    campaign_id  uuid NOT NULL REFERENCES campaign
);
CREATE INDEX sender_page_campaign ON sender_page (campaign_id);

INSERT INTO sender_page (page, campaign_id)
SELECT DISTINCT e.page, d.campaign_id FROM delivery_event e JOIN delivery d ON d.id = e.delivery_id
WHERE d.campaign_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM page_seal s WHERE s.page = e.page);

GRANT SELECT, INSERT, UPDATE, DELETE ON sender_page TO docket_app;
