package main

import (
	"context"
	"io"
	"slices"
	"time"
)

type changeLogCmd struct{}

// publicChange is one change as the JSON feed has it. Its tags are its kind and, if it is, that it is material.
type publicChange struct {
	URL       string    `json:"url"`
	Title     string    `json:"title"`
	Published time.Time `json:"date_published"`
	Tags      []string  `json:"tags"`
}

type publicChanges struct {
	Items []publicChange `json:"items"`
}

// Run shows what everybody may read, from the JSON feed; it needs no token.
func (c *changeLogCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, "/changes/feed.json", nil, func(out io.Writer, feed publicChanges) {
		// A terminal that is gone has nobody to tell.
		_ = table(out, "PUBLISHED\tKIND\tMATERIAL\tTITLE\tADDRESS\t", feed.Items, func(e publicChange) []string {
			kind := ""
			if len(e.Tags) > 0 {
				kind = e.Tags[0]
			}
			return []string{when(&e.Published), kind, yes(slices.Contains(e.Tags, "material"), "yes"), e.Title, e.URL}
		})
	})
}
