package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Download reads what is at the path as it comes, in memory that does not grow with it. It is asked once, because part of
// the answer may have been written already; it returns *Refusal or *Unreachable.
func (c *Client) Download(ctx context.Context, path string, query url.Values, to io.Writer) error {
	away := func(err error) error { return &Unreachable{URL: c.URL, Err: err} }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+path+"?"+query.Encode(), nil)
	if err != nil {
		return away(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	patient := *c.http()
	patient.Timeout = 0 // a long file takes its time; ctx ends it
	response, err := patient.Do(request)
	if err != nil {
		return away(reason(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		refusal := &Refusal{}
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		if err := json.Unmarshal(body, &refusal.Problem); err != nil || refusal.Code == "" {
			return away(fmt.Errorf("the answer is not Docket's: %s", response.Status))
		}
		return refusal
	}
	if _, err := io.Copy(to, response.Body); err != nil {
		return fmt.Errorf("cannot receive the file whole: %w", err)
	}
	return nil
}
