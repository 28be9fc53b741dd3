package s3

import (
	"encoding/json"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// kind is what lies under a key.
type kind string

const (
	// version is one version of an object; of a bucket without versions its id is "null".
	version kind = "version"
	// marker is a delete marker: it holds no content, and its key still says something.
	marker kind = "marker"
	// upload is a multipart upload that nobody finished; its parts are content.
	upload kind = "upload"
)

// artefact is one record: what lies under a key, by its version id or upload id.
type artefact struct {
	key, id string
	kind    kind
}

// item names the artefact for the engine.
func (a artefact) item() erasure.Item {
	text, _ := json.Marshal([]string{a.key, a.id, string(a.kind)}) // three strings always can be
	return erasure.Item{Key: string(text)}
}

// artefacts are the order's items. One that the collection cannot hold is refused before anything is touched: a key
// without a version id would make a delete marker, and one outside the prefix would be somebody else's.
func artefacts(order erasure.Order) ([]artefact, error) {
	if order.Masks() || order.Collection.Strategy != "" && order.Collection.Strategy != estate.Delete {
		return nil, mismatch("objects can be deleted and nothing else: take the strategy, the masks or the retention away from the collection")
	}
	pattern, err := template(order.Collection.Prefix).pattern()
	if err != nil {
		return nil, err
	}
	all := make([]artefact, len(order.Items))
	for i, item := range order.Items {
		var parts []string
		if err := json.Unmarshal([]byte(item.Key), &parts); err != nil || len(parts) != 3 {
			return nil, mismatch("an item's key is not an object key, an id and a kind")
		}
		a := artefact{key: parts[0], id: parts[1], kind: kind(parts[2])}
		if a.id == "" || a.kind != version && a.kind != marker && a.kind != upload {
			return nil, mismatch("an item's key names no version, delete marker or upload")
		}
		if !pattern.MatchString(a.key) {
			return nil, mismatch("an item lies outside the collection's prefix")
		}
		all[i] = a
	}
	return all, nil
}
