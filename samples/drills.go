package samples

import (
	"embed"
	"io/fs"
)

//go:embed drills
var drills embed.FS

// Drills are the scenarios that the product ships, <name>.yaml, with the agreements that some of them try.
func Drills() fs.FS {
	folder, err := fs.Sub(drills, "drills")
	if err != nil {
		panic(err) // The folder's name is valid.
	}
	return folder
}
