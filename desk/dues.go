package desk

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/store"
)

// duePrefix names the table whose rows a sealed page of due instants holds.
const duePrefix = "duty_due/"

// dues vouches in the chain for every due instant that one decision derives: one entry with the hash over the rows,
// however many duties it is about.
type dues struct {
	page   uuid.UUID
	digest *audit.RowsDigest
	counts map[string]int64
}

func newDues() *dues {
	page := newID()
	return &dues{page: page, digest: audit.NewRowsDigest(duePrefix + page.String()), counts: map[string]int64{}}
}

// add takes the rows in the order of their duties' ids, which is the order in which they were made.
func (d *dues) add(one store.Duty, reason string) {
	d.digest.Add(one.ID.String(), dueBytes(one.StartedAt, one.Target, one.Limit, reason))
	d.counts[reason]++
}

func (d *dues) seal(w *work) error {
	if len(d.counts) == 0 {
		return nil
	}
	vouched, err := d.digest.Seal(d.counts)
	if err == nil {
		w.write("duties.derived", time.Time{}, vouched, nil)
	}
	return err
}

// dueBytes is a row of due instants as the chain vouches for it.
func dueBytes(started, target, limit *time.Time, reason string) []byte {
	var b []byte
	for _, at := range []*time.Time{started, target, limit} {
		if at == nil {
			b = append(b, 0)
			continue
		}
		b = binary.BigEndian.AppendUint64(append(b, 1), uint64(at.UnixMicro()))
	}
	return append(b, reason...)
}
